// Signpost. Apache-2.0; see LICENSE.
// The catalog's objects as plain values, in Consul's words. Immutable once shared between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::consul {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

struct TaggedAddress {
  std::string tag;      // "lan_ipv4", "wan", ...
  std::string address;  // as registered: IPv4, IPv6 or host name
  uint16_t port = 0;    // services only; 0 = not given
};

struct Node {
  std::string id;    // UUID in lower case, or ""
  std::string name;  // letter case as registered
  std::string address;
  std::string datacenter;
  std::vector<TaggedAddress> tagged_addresses;
  StringPairs meta;
  // Read from an agent that shows WAN addresses in place of the main ones (X-Consul-Translate-Addresses).
  bool translated = false;

  friend bool operator==(const Node&, const Node&) = default;
};
inline bool operator==(const TaggedAddress& a, const TaggedAddress& b) {
  return a.tag == b.tag && a.address == b.address && a.port == b.port;
}

// What the checks that count (those of the node and those of this very instance) add up to.
// The worst wins: maintenance, critical, other, warning, passing. No checks at all is passing.
enum class Health : unsigned char {
  kPassing,
  kWarning,
  kOther,  // a status text that Consul does not define; counts as usable with weight 1
  kCritical,
  kMaintenance,  // check _node_maintenance or _service_maintenance:<id> is critical
};

struct Weights {
  uint16_t passing = 1;
  uint16_t warning = 1;
  friend bool operator==(const Weights&, const Weights&) = default;
};

struct ServiceInstance {
  std::shared_ptr<const Node> node;  // never null; shared by all instances of that node
  std::string id;
  std::string service;  // letter case as registered
  std::string address;  // "" = the node's
  uint16_t port = 0;
  Weights weights;
  Health health = Health::kPassing;
  std::vector<std::string> tags;
  std::vector<TaggedAddress> tagged_addresses;
  StringPairs meta;
  uint64_t create_index = 0;  // 0 = not given
  uint64_t modify_index = 0;
};

// Equal content, nodes compared by value. An index that moved alone is no other content.
bool operator==(const ServiceInstance& a, const ServiceInstance& b);

}  // namespace signpost::consul
