// Signpost. Apache-2.0; see LICENSE.
#include "common/base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace signpost {
namespace {

TEST(Random, IsSplitMix64) {
  // The published generator's first outputs for the state 1234567.
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317U);
  EXPECT_EQ(random.Next(), 3203168211198807973U);
  EXPECT_EQ(random.Next(), 9817491932198370423U);
}

TEST(Random, BelowIsUniform) {
  Random random(42);
  std::array<int, 10> counts{};
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) ++counts.at(random.Below(counts.size()));
  double chi_square = 0;
  const double expected = kDraws / static_cast<double>(counts.size());
  for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi_square, 27.88);  // 9 degrees of freedom, 99.9 %
}

TEST(Random, BelowOneIsZeroAndUnitIsBelowOne) {
  Random random(7);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(random.Below(1), 0U);
    const double unit = random.Unit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
  }
}

TEST(Random, SeedsDiffer) { EXPECT_NE(RandomSeed(), RandomSeed()); }

}  // namespace
}  // namespace signpost
