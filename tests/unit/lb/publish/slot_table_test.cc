// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/slot_table.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

TEST(SlotTableTest, NumbersRestBeforeTheyAreUsedAgain) {
  SlotTable slots(Millis(100));
  EXPECT_EQ(slots.Take(Millis(0)), 0U);
  EXPECT_EQ(slots.Take(Millis(0)), 1U);
  slots.GiveBack(0, Millis(10));
  EXPECT_EQ(slots.Take(Millis(109)), 2U);
  EXPECT_EQ(slots.Take(Millis(110)), 0U);
  EXPECT_EQ(slots.Take(Millis(1000)), 3U);
  EXPECT_EQ(slots.size(), 4U);
}

}  // namespace
}  // namespace signpost::lb
