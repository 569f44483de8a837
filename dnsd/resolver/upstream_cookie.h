// Signpost. Apache-2.0; see LICENSE.
// DNS cookies towards upstreams (RFC 7873 5, F05): a reply that has ours is from somebody who saw the question. Pure:
// time is a parameter, in monotonic milliseconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
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
  // An upstream that has shown cookies and gives none any more, nor says so by TCP, is believed without after so long.
  static constexpr uint64_t kMissedForMs = 10 * 60 * 1000;

  explicit UpstreamCookie(const Cookie& ours) : cookie_(ours) {}

  // What the next question carries.
  Cookie next(uint64_t now_ms) const;
  // It has shown cookies: a datagram without one is not from it.
  bool shows(uint64_t now_ms) const { return shows_ && !(missed_ms_ && now_ms >= *missed_ms_ + kMissedForMs); }

  // A reply that is believed, to a question with a cookie, has `cookie`, both parts, the first as it was sent. True:
  // that is news after a time without.
  bool OnShown(const Cookie& cookie, uint64_t now_ms);
  // A datagram had none, or another's. True: that is news of one that shows cookies.
  bool OnMissed(uint64_t now_ms);
  // It said by TCP that it knows cookies no more.
  void OnLost();
  // From now on another goes out. Whether it shows cookies stays known.
  void Renew(const Cookie& ours) { cookie_ = ours; }

 private:
  Cookie cookie_;
  bool shows_ = false;
  std::optional<uint64_t> missed_ms_;  // the first time since the last one that was shown
  std::optional<uint64_t> told_ms_;    // that one was missed; not taken back before kMissedForMs: it may come and go
};

}  // namespace signpost::resolver
