// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/watch_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::feed {
namespace {

using ::testing::ElementsAre;

catalog::Key K(const char* name) { return {catalog::Kind::kService, "dc1", name}; }

TEST(WatchSlots, GrantsWhileThereIsRoom) {
  WatchSlots slots(2, Millis(5000));
  const auto first = slots.Use(K("a"), Millis(0));
  EXPECT_TRUE(first.held && first.fresh);
  const auto again = slots.Use(K("a"), Millis(1));
  EXPECT_TRUE(again.held);
  EXPECT_FALSE(again.fresh);
  EXPECT_TRUE(slots.Use(K("b"), Millis(2)).held);
  EXPECT_FALSE(slots.Use(K("c"), Millis(3)).held);
  EXPECT_EQ(slots.size(), 2U);
}

TEST(WatchSlots, EvictsTheLeastRecentlyUsedOnceItIsIdle) {
  WatchSlots slots(2, Millis(5000));
  slots.Use(K("a"), Millis(0));
  slots.Use(K("b"), Millis(100));
  slots.Use(K("a"), Millis(200));
  EXPECT_FALSE(slots.Use(K("c"), Millis(5099)).held);
  const auto grant = slots.Use(K("c"), Millis(5100));
  EXPECT_TRUE(grant.held && grant.fresh);
  ASSERT_TRUE(grant.evicted.has_value());
  EXPECT_EQ(grant.evicted->name, "b");
  EXPECT_TRUE(slots.Holds(K("a")));
  EXPECT_FALSE(slots.Holds(K("b")));
}

TEST(WatchSlots, KindAndDatacenterTellKeysApart) {
  WatchSlots slots(3, Millis(0));
  slots.Use({catalog::Kind::kService, "dc1", "a"}, Millis(0));
  EXPECT_TRUE(slots.Use({catalog::Kind::kConnect, "dc1", "a"}, Millis(0)).fresh);
  EXPECT_TRUE(slots.Use({catalog::Kind::kService, "dc2", "a"}, Millis(0)).fresh);
}

TEST(WatchSlots, DropMakesRoomAndIdleListsTheOldestFirst) {
  WatchSlots slots(2, Millis(5000));
  slots.Use(K("a"), Millis(0));
  slots.Use(K("b"), Millis(10));
  EXPECT_THAT(slots.Idle(Millis(20), Millis(10)), ElementsAre(K("a"), K("b")));
  EXPECT_THAT(slots.Idle(Millis(20), Millis(11)), ElementsAre(K("a")));
  slots.Drop(K("a"));
  slots.Drop(K("unknown"));
  EXPECT_TRUE(slots.Use(K("c"), Millis(21)).held);
}

}  // namespace
}  // namespace signpost::feed
