// Signpost. Apache-2.0; see LICENSE.
// The container's own HEALTHCHECK as a check of Consul's. Pure.
#pragma once

#include <optional>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

// Status by the key HEALTH: "auto" (default: starting and unhealthy are critical, healthy is passing), or what differs,
// as "starting=warning,unhealthy=warning". "" for Health::kNone and with "off".
std::string HealthStatus(Health health, const Metadata& metadata, const MappingOptions& options, Strings& warnings);

// The TTL check "docker:<service id>" with the present status. Nothing where HealthStatus is "".
std::optional<CheckDefinition> MirrorHealth(const Container& container, std::string_view service_id,
                                            const Metadata& metadata, const MappingOptions& options, Strings& warnings);

}  // namespace signpost::registrar
