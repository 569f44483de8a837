// Signpost. Apache-2.0; see LICENSE.
// What Consul says of a service's instances, in lb's words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/consul/types.h"
#include "lb/pool/instance.h"

namespace signpost::lb {

// The weight of an instance that is registered and must get nothing: its checks fail, or somebody maintains it. It
// takes part in the judgement of losses, and is left out of what the sink is told.
inline constexpr uint32_t kUnusableWeight = UINT32_MAX;

struct ConsulInstances {
  std::vector<Instance> instances;
  std::vector<std::string> tags;     // of all, each once, sorted; in lower case but for "urlprefix-..."
  uint64_t create_index = 0;         // the least; 0 = there are none
  std::vector<std::string> skipped;  // why instances cannot be used, for people: "web-1 has no port"
};

// Consul finds services whatever their letter case; of several that it gives only those named `service` count. `exact`:
// none counts but those; otherwise, when there are no such, all do.
ConsulInstances ReadConsulInstances(const std::vector<consul::ServiceInstance>& all, std::string_view service,
                                    bool exact, bool use_warning);

// As tags are kept: paths of urlprefix- tags keep their letter case.
std::string FoldTag(std::string_view tag);

// Whether a tag exposes its service: "http", "tcp", "urlprefix-...".
bool IsExposureTag(std::string_view folded);

}  // namespace signpost::lb
