// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream_cookie.h"

#include <utility>
#include <vector>

#include "common/base/bytes.h"

namespace signpost::resolver {

Cookie Cookie::OfClient(const SipKey& secret, const net::SocketAddress& upstream) {
  const auto ip = upstream.ip();
  std::vector<uint8_t> text(ip.begin(), ip.end());
  text.resize(ip.size() + 2);
  StoreU16(&text[ip.size()], upstream.port());
  Cookie cookie;
  cookie.size_ = wire::kClientCookieSize;
  const uint64_t hash = SipHash24(secret, text);
  StoreU32(cookie.bytes_.data(), static_cast<uint32_t>(hash >> 32));
  StoreU32(&cookie.bytes_[4], static_cast<uint32_t>(hash));
  return cookie;
}

Cookie UpstreamCookie::next(uint64_t now_ms) const {
  Cookie next = cookie_;
  if (!shows(now_ms)) next.DropServer();
  return next;
}

bool UpstreamCookie::OnShown(const Cookie& cookie, uint64_t now_ms) {
  shows_ = true;
  missed_ms_.reset();
  if (std::ranges::equal(cookie.client(), cookie_.client())) cookie_ = cookie;  // else it was renewed meanwhile
  if (!told_ms_ || now_ms < *told_ms_ + kMissedForMs) return false;
  told_ms_.reset();
  return true;
}

bool UpstreamCookie::OnMissed(uint64_t now_ms) {
  if (!shows_) return false;
  if (!missed_ms_) missed_ms_ = now_ms;
  return !std::exchange(told_ms_, told_ms_.value_or(now_ms));
}

void UpstreamCookie::OnLost() {
  shows_ = false;
  missed_ms_.reset();
  cookie_.DropServer();
}

}  // namespace signpost::resolver
