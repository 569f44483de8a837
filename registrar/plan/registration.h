// Signpost. Apache-2.0; see LICENSE.
// A service as the body of PUT /v1/agent/service/register, and the hash that tells whether Consul still has that. Pure.
#pragma once

#include <string>
#include <string_view>

#include "registrar/mapping/service.h"

namespace signpost::registrar {

// The meta keys by which registrar knows its own entries.
inline constexpr std::string_view kOwnerKey = "registrar-owner";
inline constexpr std::string_view kContainerKey = "registrar-container";
inline constexpr std::string_view kSpecKey = "registrar-spec";

// "<16 hex>-<16 hex>": everything that is sent but these three keys; the checks alone. The first status of a check that
// registrar reports itself is not part of either: it follows the container; nor are tags with tag override on: they are
// others' to change. The same in every version of this program that would send the same. FNV-1a.
std::string SpecOf(const Service& service);
// The second half of a spec, "" when it has none.
std::string_view ChecksOfSpec(std::string_view spec);

// `owner`: this registrar's lasting ID. TTL checks are named with their status at registration, so that nothing flaps.
std::string RegistrationBody(const Service& service, std::string_view owner);

}  // namespace signpost::registrar
