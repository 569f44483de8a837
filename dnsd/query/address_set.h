// Signpost. Apache-2.0; see LICENSE.
// Address prefixes, for access control. Immutable after it is filled; matching does not allocate.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::query {

class AddressSet {
 public:
  // "10.0.0.0/8", "2001:db8::/32", "192.0.2.1" (that address alone), "any" (everything), "local" (loopback, RFC 1918,
  // link-local and unique local addresses). kConfig says what is wrong.
  Status Add(std::string_view cidr);
  // `ip`: 4 or 16 bytes, network order. An IPv4-mapped IPv6 address counts as IPv4.
  bool Contains(std::span<const uint8_t> ip) const;
  bool empty() const { return prefixes_.empty(); }

 private:
  struct Prefix {
    uint8_t bytes[16] = {};  // IPv4 mapped
    uint8_t length = 0;      // bits of 128
  };
  std::vector<Prefix> prefixes_;
};

}  // namespace signpost::query
