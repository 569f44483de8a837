// Signpost. Apache-2.0; see LICENSE.
// RDATA of TXT records (RFC 1035 3.3.14) from catalog texts.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/consul/types.h"

namespace signpost::service_zone {

// Appends `text` as character-strings of at most 255 bytes; an empty text is one empty string.
void AppendTxt(std::string_view text, std::string& rdata);

// "key=value" in the form of RFC 1464; a key that begins with "rfc1035-" gives its value alone, as Consul has it.
std::string NodeMetaText(std::string_view key, std::string_view value);

// "passing", "warning", "other", "critical", "maintenance".
std::string_view HealthText(consul::Health health);

// All strings of a service instance's TXT record: id=, node=, status=, weight=, tags=, then its meta.
// Cut at 65,535 - 512 bytes, which a registration with legal meta never reaches.
std::string InstanceTxt(const consul::ServiceInstance& instance);

// The weight that counts for an instance in its present health (Weights.Passing, Weights.Warning; 1 for kOther).
uint16_t HealthWeight(const consul::ServiceInstance& instance);

}  // namespace signpost::service_zone
