// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/rdata.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dnsd/wire/name.h"

namespace signpost::static_zone {
namespace {

namespace type = wire::type;

constexpr uint16_t kTypeSpf = 99;
constexpr size_t kSoaNumbers = 20;  // serial, refresh, retry, expire, minimum

// Bytes before the name in the data of a type that Target knows.
constexpr size_t BeforeTarget(uint16_t of) { return of == type::kMx ? 2 : of == type::kSrv ? 6 : 0; }

bool HasTarget(uint16_t of) {
  return of == type::kNs || of == type::kCname || of == type::kPtr || of == type::kDname || of == type::kMx ||
         of == type::kSrv;
}

size_t NameSize(std::span<const uint8_t> bytes) {
  wire::Name name;
  return name.Read(bytes);
}

// How many strings fill the data; 0 when they do not.
size_t CountStrings(std::span<const uint8_t> bytes) {
  size_t count = 0;
  for (size_t at = 0; at < bytes.size(); ++count) {
    at += size_t{1} + bytes[at];
    if (at > bytes.size()) return 0;
  }
  return count;
}

bool IsSoa(std::span<const uint8_t> bytes) {
  const size_t first = NameSize(bytes);
  const size_t second = first == 0 ? 0 : NameSize(bytes.subspan(first));
  return second != 0 && first + second + kSoaNumbers == bytes.size();
}

}  // namespace

std::string TypeText(uint16_t of) {
  static constexpr std::array<std::pair<uint16_t, std::string_view>, 12> kNames = {{
      {type::kA, "A"},
      {type::kAaaa, "AAAA"},
      {type::kCname, "CNAME"},
      {type::kDname, "DNAME"},
      {type::kDs, "DS"},
      {type::kHinfo, "HINFO"},
      {type::kMx, "MX"},
      {type::kNs, "NS"},
      {type::kPtr, "PTR"},
      {type::kSoa, "SOA"},
      {type::kSrv, "SRV"},
      {type::kTxt, "TXT"},
  }};
  const auto found = std::ranges::find(kNames, of, &std::pair<uint16_t, std::string_view>::first);
  return found == kNames.end() ? "TYPE" + std::to_string(of) : std::string(found->second);
}

bool IsWellFormed(uint16_t of, std::string_view rdata) {
  const auto bytes = Bytes(rdata);
  if (HasTarget(of)) {
    const size_t before = BeforeTarget(of);
    return bytes.size() > before && NameSize(bytes.subspan(before)) + before == bytes.size();
  }
  switch (of) {
    case type::kA:
      return bytes.size() == 4;
    case type::kAaaa:
      return bytes.size() == 16;
    case type::kSoa:
      return IsSoa(bytes);
    case type::kTxt:
    case kTypeSpf:
      return CountStrings(bytes) > 0;
    case type::kHinfo:
      return CountStrings(bytes) == 2;
    default:
      return bytes.size() <= 0xffff;
  }
}

std::span<const uint8_t> Target(uint16_t of, std::string_view rdata) {
  if (!HasTarget(of)) return {};
  return Bytes(rdata).subspan(BeforeTarget(of));
}

void PutRdata(uint16_t of, std::string_view rdata, wire::ResponseWriter& writer) {
  const auto bytes = Bytes(rdata);
  const size_t before = BeforeTarget(of);
  switch (of) {
    case type::kNs:
    case type::kCname:
    case type::kPtr:
    case type::kMx:
      writer.PutBytes(bytes.first(before));
      writer.PutCompressedName(bytes.subspan(before));
      return;
    case type::kSrv:
      writer.PutBytes(bytes.first(before));
      writer.PutPlainName(bytes.subspan(before));
      return;
    case type::kSoa: {
      const size_t first = NameSize(bytes);
      writer.PutCompressedName(bytes.first(first));
      writer.PutCompressedName(bytes.subspan(first, bytes.size() - kSoaNumbers - first));
      writer.PutBytes(bytes.last(kSoaNumbers));
      return;
    }
    default:
      writer.PutBytes(bytes);
  }
}

}  // namespace signpost::static_zone
