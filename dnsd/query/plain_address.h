// Signpost. Apache-2.0; see LICENSE.
// An IPv4 client of an IPv6 socket is the IPv4 client that it is.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace signpost::query {

inline constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0,    0,
                                                          0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 2.5.5.2

// The 4 bytes within an IPv4-mapped address, else `ip` as it is.
inline std::span<const uint8_t> PlainAddress(std::span<const uint8_t> ip) {
  const bool mapped = ip.size() == 16 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin());
  return mapped ? ip.subspan(kMappedPrefix.size()) : ip;
}

}  // namespace signpost::query
