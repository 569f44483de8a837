// Signpost. Apache-2.0; see LICENSE.
// Server cookies (RFC 7873, in the layout of RFC 9018: version 1, 3 reserved bytes, time, SipHash). A client that
// returns one has shown that its address is its own. Any thread may read; Rotate is the control thread's.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "common/base/siphash.h"

namespace signpost::query {

class CookieKeys {
 public:
  // Random keys.
  CookieKeys();
  explicit CookieKeys(const SipKey& current) : current_(current), previous_(current) {}
  // The same with a new random key; cookies of the present one go on being accepted, those before it do not.
  CookieKeys Rotated() const;

  using Cookie = std::array<uint8_t, 24>;  // the client's 8 bytes, then the server's 16
  // For a client's 8 bytes and its address (4 or 16 bytes); `now` in seconds since 1970.
  Cookie Make(std::span<const uint8_t> client, std::span<const uint8_t> ip, uint32_t now) const;
  // `cookie`: as the query brought it. True when it carries a server's part that is ours, at most an hour old and at
  // most five minutes in the future (RFC 9018 4.3).
  bool Verify(std::span<const uint8_t> cookie, std::span<const uint8_t> ip, uint32_t now) const;

 private:
  SipKey current_{};
  SipKey previous_{};
};

}  // namespace signpost::query
