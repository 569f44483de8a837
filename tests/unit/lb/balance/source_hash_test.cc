// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/source_hash.h"

#include <gtest/gtest.h>

#include <vector>

#include "lb/pool/stable_hash.h"

namespace signpost::lb {
namespace {

TEST(Bid, KeysAreSharedByWeight) {
  const uint64_t weights[] = {1, 2, 5, 0};
  int wins[4] = {};
  for (uint64_t key = 0; key < 80'000; ++key) {
    size_t best = 3;
    Bid best_bid;
    for (size_t i = 0; i < 4; ++i) {
      const Bid bid = MakeBid(StableHash(std::string(1, static_cast<char>('a' + i))), key, weights[i]);
      if (!IsHigher(bid, best_bid)) continue;
      best = i;
      best_bid = bid;
    }
    ++wins[best];
  }
  EXPECT_NEAR(wins[0], 10'000, 400);
  EXPECT_NEAR(wins[1], 20'000, 500);
  EXPECT_NEAR(wins[2], 50'000, 500);
  EXPECT_EQ(wins[3], 0);
}

// The order by draw alone and the one by logarithms must be one order, or keys would move with a neighbour's weight.
TEST(Bid, OrderIsConsistent) {
  EXPECT_TRUE(IsHigher({0.6, 5}, {0.5, 5}));
  EXPECT_FALSE(IsHigher({0.5, 5}, {0.5, 5}));
  EXPECT_TRUE(IsHigher({0.5, 6}, {0.5, 5}));
  EXPECT_TRUE(IsHigher({0.25, 2}, {0.4, 1})) << "2/1.386 against 1/0.916";
  EXPECT_FALSE(IsHigher({0.25, 2}, {0.6, 1})) << "2/1.386 against 1/0.511";
  EXPECT_TRUE(IsHigher({0.1, 1}, {}));
  EXPECT_FALSE(IsHigher({}, {0.1, 1}));
}

// Two balancers of different builds must agree.
TEST(Bid, NeverChanges) { EXPECT_DOUBLE_EQ(MakeBid(StableHash("192.0.2.1:80"), 1, 1).draw, 0.34108403263759007); }

}  // namespace
}  // namespace signpost::lb
