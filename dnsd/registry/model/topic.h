// Signpost. Apache-2.0; see LICENSE.
// What a blocking query waits for, and what a write touches, in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace signpost::registry {

struct Topic {
  enum class Kind : unsigned char {
    kNodes,         // any node added, changed or removed
    kServices,      // any service instance added, changed or removed
    kChecks,        // any check added, changed or removed
    kNode,          // name in lower case: the node, its services or its checks
    kService,       // name in lower case: an instance, its checks, its node, its node's checks
    kConnect,       // name in lower case of the service that proxies stand for: the same for the proxies
    kKv,            // one key
    kKvBelow,       // all keys that begin with the name; never touched itself: a touched kKv wakes its prefixes
    kSessions,      // any session
    kQueries,       // any prepared query
    kEvents,        // an event was fired
    kAgentService,  // PartKey of a service of the own node, for hash blocking
  };
  Kind kind = Kind::kNodes;
  std::string name;

  friend bool operator==(const Topic&, const Topic&) = default;
  friend auto operator<=>(const Topic&, const Topic&) = default;
};

using Topics = std::vector<Topic>;

}  // namespace signpost::registry
