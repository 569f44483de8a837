// Signpost. Apache-2.0; see LICENSE.
// Small helpers on catalog keys.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "common/consul/agent_client.h"
#include "dnsd/catalog/catalog.h"

namespace signpost::feed {

struct KeyHash {
  size_t operator()(const catalog::Key& key) const {
    const size_t name = std::hash<std::string>{}(key.name);
    return (name * 31 + std::hash<std::string>{}(key.datacenter)) * 31 + static_cast<size_t>(key.kind);
  }
};

// ASCII only: Consul folds names, datacenters and node names that way for DNS.
std::string Lower(std::string_view text);

// The read that answers for `key`. `agent_datacenter` is the one that the agent looks in when none is named ("" = name
// it always). A prepared query is executed by it.
consul::GetRequest RequestFor(const catalog::Key& key, const std::string& agent_datacenter);

// "2f0e8c4a-..." in lower case: 36 characters, hyphens in their places.
bool IsUuid(std::string_view text);

}  // namespace signpost::feed
