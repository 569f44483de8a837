// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/answer_names.h"

#include <algorithm>

#include "dnsd/wire/name.h"

namespace signpost::resolver {
namespace {

constexpr size_t kMaxHops = 127;  // F08

using enum RdataForm::Names;
constexpr uint16_t kAny = RdataForm::kAnyRest;

// Sorted by type. RFC 1035, 1183, 2163, 2230, 2782, 2915, 3596, 4034, 5155, 6672, 8659, 9460.
constexpr RdataForm kForms[] = {
    {1, 4, 0, 0, 0, 0, kLiteral},                         // A
    {2, 0, 0, 1, 0, 0, kCompressed},                      // NS
    {3, 0, 0, 1, 0, 0, kPlain},                           // MD
    {4, 0, 0, 1, 0, 0, kPlain},                           // MF
    {5, 0, 0, 1, 0, 0, kCompressed},                      // CNAME
    {6, 0, 0, 2, 20, 0, kCompressed},                     // SOA
    {7, 0, 0, 1, 0, 0, kPlain},                           // MB
    {8, 0, 0, 1, 0, 0, kPlain},                           // MG
    {9, 0, 0, 1, 0, 0, kPlain},                           // MR
    {12, 0, 0, 1, 0, 0, kCompressed},                     // PTR
    {13, 0, 2, 0, 0, 0, kLiteral},                        // HINFO
    {14, 0, 0, 2, 0, 0, kPlain},                          // MINFO
    {15, 2, 0, 1, 0, 0, kCompressed},                     // MX
    {16, 0, RdataForm::kManyStrings, 0, 0, 0, kLiteral},  // TXT
    {17, 0, 0, 2, 0, 0, kPlain},                          // RP
    {18, 2, 0, 1, 0, 0, kPlain},                          // AFSDB
    {21, 2, 0, 1, 0, 0, kPlain},                          // RT
    {26, 2, 0, 2, 0, 0, kPlain},                          // PX
    {28, 16, 0, 0, 0, 0, kLiteral},                       // AAAA
    {33, 6, 0, 1, 0, 0, kPlain},                          // SRV
    {35, 4, 3, 1, 0, 0, kPlain},                          // NAPTR
    {36, 2, 0, 1, 0, 0, kPlain},                          // KX
    {39, 0, 0, 1, 0, 0, kPlain},                          // DNAME
    {43, 4, 0, 0, kAny, 1, kLiteral},                     // DS
    {46, 18, 0, 1, kAny, 1, kLiteral},                    // RRSIG
    {47, 0, 0, 1, kAny, 0, kLiteral},                     // NSEC
    {48, 4, 0, 0, kAny, 1, kLiteral},                     // DNSKEY
    {50, 4, 2, 0, kAny, 0, kLiteral},                     // NSEC3: salt and hash look like strings
    {51, 4, 1, 0, 0, 0, kLiteral},                        // NSEC3PARAM
    {64, 2, 0, 1, kAny, 0, kLiteral},                     // SVCB
    {65, 2, 0, 1, kAny, 0, kLiteral},                     // HTTPS
    {99, 0, RdataForm::kManyStrings, 0, 0, 0, kLiteral},  // SPF
    {257, 1, 1, 0, kAny, 0, kLiteral},                    // CAA
};
static_assert(std::ranges::is_sorted(kForms, {}, &RdataForm::type));

constexpr RdataForm kOpaque{0, 0, 0, 0, kAny, 0, kLiteral};

}  // namespace

size_t ReadName(const MessageView& message, size_t at, size_t end, Pointers pointers, FlatName& out) {
  const size_t start = at;
  size_t segment = at;  // where the labels being read begin: the next pointer must lead before it
  size_t used = 0;      // known once the first pointer was met
  size_t hops = 0;
  out.size = 0;
  for (;;) {
    if (at >= end) return 0;
    const uint8_t length = message[at];
    if (length >= 0xc0) {
      if (pointers == Pointers::kForbidden || at + 1 >= end || ++hops > kMaxHops) return 0;
      const size_t target = static_cast<size_t>(length & 0x3f) << 8 | message[at + 1];
      if (target < wire::kHeaderSize || target >= segment) return 0;
      if (used == 0) used = at + 2 - start;
      at = segment = target;
      end = message.size();
      continue;
    }
    if (length > wire::kMaxLabel || out.size + 1 + length > wire::kMaxName || at + 1 + length > end) return 0;
    for (size_t i = 0; i <= length; ++i) out.bytes[out.size++] = message[at + i];
    at += size_t{1} + length;
    if (length == 0) return used != 0 ? used : at - start;
  }
}

bool SameName(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  // The length bytes are below 'A', so they may be folded with the rest.
  return std::ranges::equal(a, b, [](uint8_t x, uint8_t y) { return wire::ToLower(x) == wire::ToLower(y); });
}

bool NameIsIn(std::span<const uint8_t> name, std::span<const uint8_t> zone) {
  while (name.size() > zone.size()) name = name.subspan(size_t{1} + name[0]);
  return SameName(name, zone);
}

const RdataForm& FormOf(uint16_t type) {
  const auto* found = std::ranges::lower_bound(kForms, type, {}, &RdataForm::type);
  return found != std::end(kForms) && found->type == type ? *found : kOpaque;
}

}  // namespace signpost::resolver
