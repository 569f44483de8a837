// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/cookies.h"

#include <algorithm>
#include <cstring>

#include "common/base/bytes.h"
#include "common/base/secure_random.h"
#include "dnsd/query/plain_address.h"
#include "dnsd/wire/protocol.h"

namespace signpost::query {
namespace {

constexpr uint8_t kVersion = 1;
// RFC 9018 4.1: where the parts stand in the whole option.
constexpr size_t kVersionAt = wire::kClientCookieSize;
constexpr size_t kTimeAt = kVersionAt + 4;
constexpr size_t kHashAt = kTimeAt + 4;
constexpr size_t kHashSize = 8;
// RFC 9018 4.3.
constexpr uint32_t kMaxAge = 3600;
constexpr uint32_t kMaxAhead = 300;

using Hash = std::array<uint8_t, kHashSize>;

// RFC 9018 4.4: over the client's cookie, version, reserved bytes and time, as they stand in the option, then the
// address.
Hash HashOf(const SipKey& key, std::span<const uint8_t> option, std::span<const uint8_t> ip) {
  std::array<uint8_t, kHashAt + 16> input;
  const auto address = PlainAddress(ip);
  const size_t address_size = std::min<size_t>(address.size(), 16);
  std::copy_n(option.begin(), kHashAt, input.begin());
  std::copy_n(address.begin(), address_size, input.begin() + kHashAt);
  const uint64_t hash = SipHash24(key, std::span(input).first(kHashAt + address_size));
  Hash bytes;
  for (size_t i = 0; i < kHashSize; ++i) bytes[i] = static_cast<uint8_t>(hash >> (8 * i));
  return bytes;
}

// In a time that does not depend on where they differ.
bool SameHash(const Hash& hash, std::span<const uint8_t> other) {
  uint8_t difference = 0;
  for (size_t i = 0; i < kHashSize; ++i) difference |= static_cast<uint8_t>(hash[i] ^ other[i]);
  return difference == 0;
}

}  // namespace

CookieKeys::CookieKeys() {
  SecureBytes(current_);
  previous_ = current_;
}

CookieKeys CookieKeys::Rotated() const {
  CookieKeys next;
  next.previous_ = current_;
  return next;
}

CookieKeys::Cookie CookieKeys::Make(std::span<const uint8_t> client, std::span<const uint8_t> ip, uint32_t now) const {
  Cookie cookie{};
  std::copy_n(client.begin(), wire::kClientCookieSize, cookie.begin());
  cookie[kVersionAt] = kVersion;
  StoreU32(&cookie[kTimeAt], now);
  const Hash hash = HashOf(current_, cookie, ip);
  std::copy(hash.begin(), hash.end(), cookie.begin() + kHashAt);
  return cookie;
}

bool CookieKeys::Verify(std::span<const uint8_t> cookie, std::span<const uint8_t> ip, uint32_t now) const {
  if (cookie.size() != sizeof(Cookie) || cookie[kVersionAt] != kVersion) return false;
  // Serial numbers (RFC 1982): right beyond the year 2106 too.
  const uint32_t age = now - LoadU32(&cookie[kTimeAt]);
  const uint32_t ahead = 0 - age;
  if (age > kMaxAge && ahead > kMaxAhead) return false;
  const auto hash = cookie.subspan(kHashAt, kHashSize);
  return SameHash(HashOf(current_, cookie, ip), hash) || SameHash(HashOf(previous_, cookie, ip), hash);
}

}  // namespace signpost::query
