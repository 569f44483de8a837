// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/weighted_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace signpost::service_zone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Numbers = std::vector<uint32_t>;
using Items = WeightedItems<uint32_t>;

TEST(WeightedItemsTest, NothingAtAll) {
  EXPECT_TRUE(Items().empty());
  const Items none{Numbers{}, Numbers{}};
  EXPECT_EQ(none.size(), 0U);
  EXPECT_THAT(none.items(), IsEmpty());
  EXPECT_THAT(none.weights(), IsEmpty());
}

TEST(WeightedItemsTest, EqualWeightsAreNotKept) {
  for (const size_t n : {1U, 4U, 5U, 1000U}) {  // four fit inside the object
    Numbers numbers(n);
    std::iota(numbers.begin(), numbers.end(), 100U);
    const Items items{numbers, Numbers(n, 7)};
    EXPECT_THAT(items.items(), ::testing::ElementsAreArray(numbers));
    EXPECT_THAT(items.weights(), IsEmpty());
    EXPECT_TRUE(items.summary().equal);
    EXPECT_EQ(items.summary().total, 7 * n);
  }
}

TEST(WeightedItemsTest, DifferingWeightsAreKept) {
  const Items inside{Numbers{8, 9}, Numbers{3, 1}};
  EXPECT_THAT(inside.items(), ElementsAre(8U, 9U));
  EXPECT_THAT(inside.weights(), ElementsAre(3U, 1U));
  const Items outside{Numbers{1, 2, 3, 4}, Numbers{9, 8, 7, 0}};
  EXPECT_THAT(outside.items(), ElementsAre(1U, 2U, 3U, 4U));
  EXPECT_THAT(outside.weights(), ElementsAre(9U, 8U, 7U, 0U));
  EXPECT_EQ(outside[2], 3U);
}

TEST(WeightedItemsTest, ZerosMakeADifferenceEvenWhenTheRestIsEqual) {
  const Items items{Numbers{1, 2}, Numbers{5, 0}};
  EXPECT_THAT(items.weights(), ElementsAre(5U, 0U));
  EXPECT_TRUE(items.summary().equal);
  EXPECT_EQ(items.summary().positive, 1U);
  const Items zeros{Numbers{1, 2}, Numbers{0, 0}};
  EXPECT_THAT(zeros.weights(), ElementsAre(0U, 0U));
}

TEST(WeightedItemsTest, SmallItemsArePackedTightly) {
  using Four = std::array<uint8_t, 4>;
  const std::vector<Four> addresses = {{10, 0, 0, 1}, {10, 0, 0, 2}};
  const WeightedItems<Four> items{addresses, Numbers{2, 1}};
  EXPECT_EQ(items[1], (Four{10, 0, 0, 2}));
  EXPECT_THAT(items.weights(), ElementsAre(2U, 1U));
}

TEST(WeightedItemsTest, MovesWithItsContent) {
  Items large{Numbers{1, 2, 3, 4, 5}, Numbers{5, 4, 3, 2, 1}};
  const Items moved = std::move(large);
  EXPECT_THAT(moved.items(), ElementsAre(1U, 2U, 3U, 4U, 5U));
  Items small{Numbers{1}, Numbers{5}};
  const Items moved_small = std::move(small);
  EXPECT_THAT(moved_small.items(), ElementsAre(1U));
}

}  // namespace
}  // namespace signpost::service_zone
