// Signpost. Apache-2.0; see LICENSE.
// DNS cookies towards upstreams (RFC 7873 5, F05): a reply that has ours is from somebody who saw the question. Pure:
// time is a parameter, in monotonic milliseconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "common/base/siphash.h"
#include "common/net/address.h"
#include "dnsd/wire/protocol.h"

namespace signpost::resolver {

// A COOKIE option: the client's part, then perhaps the server's. Empty: there is none.
class Cookie {
 public:
  static constexpr size_t kMinServer = 8, kMaxServer = 32;  // RFC 7873 4.2

  Cookie() = default;
  // Of a reply: empty unless it has both parts.
  static Cookie OfReply(std::span<const uint8_t> data) {
    Cookie cookie;
    const bool whole =
        data.size() >= wire::kClientCookieSize + kMinServer && data.size() <= wire::kClientCookieSize + kMaxServer;
    if (whole) cookie.Set(data);
    return cookie;
  }
  // What the first question to an upstream carries: each gets another one (RFC 9018 3).
  static Cookie OfClient(const SipKey& secret, const net::SocketAddress& upstream);

  bool empty() const { return size_ == 0; }
  bool has_server() const { return size_ > wire::kClientCookieSize; }
  std::span<const uint8_t> wire() const { return std::span(bytes_).first(size_); }
  std::span<const uint8_t> client() const { return wire().first(std::min<size_t>(size_, wire::kClientCookieSize)); }
  void DropServer() { size_ = static_cast<uint8_t>(client().size()); }

 private:
  void Set(std::span<const uint8_t> data) {
    std::ranges::copy(data, bytes_.begin());
    size_ = static_cast<uint8_t>(data.size());
  }

  std::array<uint8_t, wire::kClientCookieSize + kMaxServer> bytes_{};
  uint8_t size_ = 0;
};

// What is known of one upstream.
class UpstreamCookie {
 public:
  // An upstream that gives none any more, and takes no TCP, is believed again after so long.
  static constexpr uint64_t kShownForMs = 3600 * 1000;

  explicit UpstreamCookie(const Cookie& ours) : cookie_(ours) {}

  // What the next question carries.
  const Cookie& next() const { return cookie_; }
  // It has shown cookies: a datagram without one is not from it.
  bool shows(uint64_t now_ms) const { return cookie_.has_server() && now_ms < shown_ms_ + kShownForMs; }
  // A reply that is believed, to a question with a cookie; its own has our part, or is empty.
  void OnReply(const Cookie& cookie, uint64_t now_ms) {
    if (cookie.empty()) {
      cookie_.DropServer();
      return;
    }
    cookie_ = cookie;
    shown_ms_ = now_ms;
  }

 private:
  Cookie cookie_;
  uint64_t shown_ms_ = 0;
};

}  // namespace signpost::resolver
