// Signpost. Apache-2.0; see LICENSE.
// A small generator for draws, jitter and back-off. Not for secrets.
#pragma once

#include <cstdint>

namespace signpost {

// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, passes BigCrush. One per thread.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound); bound > 0. Lemire's multiply-shift; the bias is below bound / 2^64.
  uint64_t Below(uint64_t bound) { return static_cast<uint64_t>((static_cast<Wide>(Next()) * bound) >> 64); }

  // Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  __extension__ using Wide = unsigned __int128;

  uint64_t state_;
};

// A seed from the kernel's generator.
uint64_t RandomSeed();

}  // namespace signpost
