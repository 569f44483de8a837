// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream_cookie.h"

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

}  // namespace signpost::resolver
