// Signpost. Apache-2.0; see LICENSE.
// The health checks of one service. Pure.
//
// One check by the CHECK_ keys, up to eight more by CHECK_2_ to CHECK_9_ keys, and the mirrored HEALTHCHECK (health.h).
// The kind is the first that is declared of HTTP, HTTPS, CMD, SCRIPT, TTL, TCP, GRPC, DOCKER, ALIAS; others of the same
// number are left out with a warning. HTTP and HTTPS take a path or a whole URL; GRPC a switch, or "/NAME" of the
// service to ask for; ALIAS the ID of another service of the same agent; TTL_OWNER=app leaves a TTL check to the
// application, others are of at least 3 seconds. ADDRESS is an address or a host name. A command has at most 64 words
// of at most 4 KiB.
#pragma once

#include <string_view>
#include <vector>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

// What a check refers to.
struct CheckSubject {
  const Container& container;
  std::string_view service_id;
  std::string_view address;  // "" = the node's: checks then go to 127.0.0.1
  uint16_t port;
  uint16_t container_port;
};

// The declared checks (CHECK_..., CHECK_2_..., ...), then the mirrored HEALTHCHECK. What Consul would refuse is
// corrected or dropped with a warning.
std::vector<CheckDefinition> MakeChecks(const CheckSubject& subject, const Metadata& metadata,
                                        const MappingOptions& options, Strings& warnings);

}  // namespace signpost::registrar
