// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_private.h"

#include <algorithm>

#include "common/base/bytes.h"

namespace signpost::resolver {
namespace {

bool IsPrivateV4(std::span<const uint8_t> a) {
  return a[0] == 0 || a[0] == 10 || a[0] == 127 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
         (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
}

bool IsPrivateV6(std::span<const uint8_t> a) {
  if ((a[0] & 0xfe) == 0xfc) return true;                  // fc00::/7
  if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) return true;  // fe80::/10
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  if (!std::ranges::all_of(a.first(10), is_zero)) return false;
  if (a[10] == 0xff && a[11] == 0xff) return true;                      // ::ffff:0:0/96
  return std::ranges::all_of(a.subspan(10, 5), is_zero) && a[15] <= 1;  // :: and ::1
}

// `params`: the SvcParams, key, length and value each. What cannot be read is not trusted.
bool HintsAtPrivate(std::span<const uint8_t> params) {
  constexpr uint16_t kIpv4Hint = 4, kIpv6Hint = 6;
  ByteReader reader(params);
  while (reader.ok() && reader.remaining() > 0) {
    const uint16_t key = reader.U16();
    auto value = reader.Bytes(reader.U16());
    if (key != kIpv4Hint && key != kIpv6Hint) continue;
    const size_t size = key == kIpv4Hint ? 4 : 16;
    for (; value.size() >= size; value = value.subspan(size)) {
      if (IsPrivateAddress(value.first(size))) return true;
    }
  }
  return !reader.ok();
}

}  // namespace

bool IsPrivateAddress(std::span<const uint8_t> address) {
  return address.size() == 4 ? IsPrivateV4(address) : address.size() == 16 && IsPrivateV6(address);
}

bool LeadsToPrivate(const ReplyRecords& records, const ReplyRecord& record) {
  const auto rdata = records.rdata(record);
  switch (record.type) {
    case wire::type::kA:
    case wire::type::kAaaa:
      return IsPrivateAddress(rdata);
    case record_type::kSvcb:
    case record_type::kHttps:
      return HintsAtPrivate(rdata.subspan(FormOf(record.type).fixed + records.target(record).size()));
    default:
      return false;
  }
}

}  // namespace signpost::resolver
