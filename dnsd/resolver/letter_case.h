// Signpost. Apache-2.0; see LICENSE.
// The letter case of a question's name as a secret (0x20): whoever forges a reply has to guess it too.
#pragma once

#include <cstdint>
#include <string>

namespace signpost::resolver {

// `name`: wire form, folded. Each letter becomes an upper one or not by one bit of `draw()`, 64 of them that nobody can
// guess. Lengths of labels are never letters.
template <typename Draw>
std::string MixCase(std::string name, Draw draw) {
  constexpr char kCaseBit = 0x20;
  uint64_t bits = 0;
  uint32_t left = 0;
  for (char& c : name) {
    if (c < 'a' || c > 'z') continue;
    if (left == 0) {
      bits = draw();
      left = 64;
    }
    if ((bits & 1) != 0) c = static_cast<char>(c ^ kCaseBit);
    bits >>= 1;
    --left;
  }
  return name;
}

}  // namespace signpost::resolver
