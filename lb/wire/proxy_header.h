// Signpost. Apache-2.0; see LICENSE.
// The PROXY protocol, versions 1 and 2, by HAProxy's proxy-protocol.txt. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/net/address.h"

namespace signpost::lb {

struct ProxyHeaderResult {
  enum class Kind : unsigned char {
    kMore,  // a beginning of a header
    kDone,
    kBad,  // not a header, or a broken one: close, never guess
  };
  Kind kind = Kind::kMore;
  size_t size = 0;             // kDone: bytes of the header
  bool has_addresses = false;  // false: LOCAL, UNKNOWN or AF_UNSPEC; the connection's own are to be used
  net::SocketAddress source;
  net::SocketAddress destination;
};

// At most 107 bytes for version 1; 16 + 4096 for version 2 (TLVs are skipped).
ProxyHeaderResult ParseProxyHeader(std::span<const uint8_t> bytes);

// "PROXY TCP4 ... CR LF", or "PROXY UNKNOWN CR LF" for mixed families.
std::string ProxyHeaderV1(const net::SocketAddress& source, const net::SocketAddress& destination);
std::string ProxyHeaderV2(const net::SocketAddress& source, const net::SocketAddress& destination);

}  // namespace signpost::lb
