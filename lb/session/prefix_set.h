// Signpost. Apache-2.0; see LICENSE.
// A set of address prefixes ("192.0.2.0/24", "2001:db8::/32", "192.0.2.7"). Immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"

namespace signpost::lb {

class PrefixSet {
 public:
  PrefixSet() = default;
  // kConfig names the text that is no prefix.
  static Result<PrefixSet> Parse(const std::vector<std::string>& texts);
  // IPv4 addresses mapped into IPv6 count as IPv4.
  bool Contains(const net::SocketAddress& address) const;
  bool empty() const { return prefixes_.empty(); }

 private:
  struct Prefix {
    int family;
    unsigned bits;
    unsigned char bytes[16];
  };
  std::vector<Prefix> prefixes_;
};

}  // namespace signpost::lb
