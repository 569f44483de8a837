// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/stable_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

namespace signpost::lb {
namespace {

// Balancers of different versions must agree: these values are part of the contract.
TEST(StableHash, NeverChanges) {
  static_assert(StableHash("") == MixHash(0xcbf29ce484222325U));
  EXPECT_EQ(StableHash("192.0.2.1:80"), StableHash(std::string("192.0.2.1:") + "80"));
  EXPECT_EQ(StableHash("192.0.2.1:80"), 0x3d1c7ffa05dfa46U);
  EXPECT_EQ(CombineHash(1, 2), 0x9cebe8a6d050dd01U);
}

TEST(StableHash, NeighboursLieFarApart) {
  std::set<uint64_t> points;
  int bits = 0;
  for (int i = 0; i < 10000; ++i) {
    const uint64_t hash = StableHash("198.18.0." + std::to_string(i));
    points.insert(hash);
    bits += std::popcount(hash ^ StableHash("198.18.0." + std::to_string(i + 1)));
  }
  EXPECT_EQ(points.size(), 10000U);
  EXPECT_NEAR(bits / 10000.0, 32, 0.5);
}

TEST(CombineHash, TheOrderMatters) { EXPECT_NE(CombineHash(1, 2), CombineHash(2, 1)); }

}  // namespace
}  // namespace signpost::lb
