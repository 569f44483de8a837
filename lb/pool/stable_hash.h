// Signpost. Apache-2.0; see LICENSE.
// The hash of names and keys: the same on every host, in every run and version, because several balancers must agree
// where a key goes. Not for secrets. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace signpost::lb {

// The finaliser of SplitMix64: every bit of the input moves half of the output's.
constexpr uint64_t MixHash(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

// FNV-1a, mixed.
constexpr uint64_t StableHash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return MixHash(hash);
}

// Of two hashes in this order.
constexpr uint64_t CombineHash(uint64_t a, uint64_t b) { return MixHash(a + 0x9e3779b97f4a7c15U * (b | 1) + b); }

}  // namespace signpost::lb
