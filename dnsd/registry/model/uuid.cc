// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/uuid.h"

#include <cctype>
#include <cstdint>

#include "common/base/random.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool IsDash(size_t position) { return position == 8 || position == 13 || position == 18 || position == 23; }

}  // namespace

std::string NewUuid() {
  uint64_t high = (RandomSeed() & ~uint64_t{0xf000}) | 0x4000;               // version 4
  uint64_t low = (RandomSeed() & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;  // variant 10
  std::string text(36, '-');
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) continue;
    uint64_t& from = i < 18 ? high : low;
    text[i] = kHex[from >> 60];
    from <<= 4;
  }
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i) ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

}  // namespace signpost::registry
