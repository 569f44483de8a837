// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/names.h"

namespace signpost::dns {
namespace {

constexpr size_t kHeader = 12;
constexpr size_t kMaxName = 255;
constexpr int kMaxPointers = 127;

}  // namespace

size_t SkipName(std::span<const uint8_t> message, size_t at) {
  size_t end = 0;     // behind the first pointer
  size_t length = 0;  // of the name without pointers
  size_t start = at;  // of the run of labels being read: the next pointer must lead before it
  int pointers = 0;
  while (at < message.size()) {
    const uint8_t head = message[at];
    if (head == 0) return end > 0 ? end : at + 1;
    if (head < 64) {
      length += head + size_t{1};
      at += head + size_t{1};
      if (length >= kMaxName) return 0;
      continue;
    }
    if (head < 192 || at + 1 >= message.size()) return 0;
    const size_t target = (head & 63U) << 8 | message[at + 1];
    if (end == 0) end = at + 2;
    if (target >= start || target < kHeader || ++pointers > kMaxPointers) return 0;
    at = start = target;
  }
  return 0;
}

}  // namespace signpost::dns
