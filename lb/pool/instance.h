// Signpost. Apache-2.0; see LICENSE.
// What a source of discovery says of one instance of a service: a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net/address.h"

namespace signpost::lb {

using Meta = std::vector<std::pair<std::string, std::string>>;

struct Instance {
  net::SocketAddress address;  // with its port
  uint16_t priority = 0;
  uint32_t weight = 1;  // 0..65535
  std::string id;       // the catalog's service ID, or the SRV target
  std::string version = "default";
  std::vector<std::string> tags;  // in lower case, but for what follows "urlprefix-"
  Meta meta;                      // the keys that lb reads: "lb.*", "version"
  uint64_t modified = 0;          // the catalog's ModifyIndex; the newest instance's settings win
};

bool operator==(const Instance& a, const Instance& b);

// A key of an instance's meta in lb's own spelling: "lb.split" for "lb.split", "lb_split" and "lb-split" (Consul allows
// no dots), "version"; "" when it is not for lb.
std::string FoldMetaKey(std::string_view key);

// The version an instance says it is: meta "lb.version", meta "version", tag "version=X", "v=X" or "canary", else
// "default".
std::string VersionOf(const Meta& meta, const std::vector<std::string>& tags);

}  // namespace signpost::lb
