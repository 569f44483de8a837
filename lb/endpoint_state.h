// Signpost. Apache-2.0; see LICENSE.
// What people are told of an endpoint. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lb/pool/endpoint.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

struct EndpointVerdict {
  EndpointState state = EndpointState::kUsable;
  std::string reason;  // "" when usable
};

// The first of these that holds: removed, drained, check failed, failed, slow start. `pool_size`: endpoints of its
// pool, for a single one is never found failed.
EndpointVerdict Judge(const Endpoint& endpoint, const ServiceSettings& settings, size_t pool_size, Millis now);
// "usable", "slow_start", ...
std::string_view EndpointStateName(EndpointState state);
bool IsUsable(EndpointState state);  // gets new requests when all is well

}  // namespace signpost::lb
