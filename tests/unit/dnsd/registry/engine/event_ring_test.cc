// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/event_ring.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

TEST(EventRing, TimeGoesOnForEventsThatAreNotKept) {
  EventRing ring;
  EXPECT_EQ(ring.next_time(), 2U);
  ring.Add({.name = "first"});
  ring.Skip();
  ring.Add({.name = "third"});
  ASSERT_EQ(ring.events().size(), 2U);
  EXPECT_EQ(ring.events()[0].logical_time, 2U);
  EXPECT_EQ(ring.events()[1].logical_time, 4U);
}

TEST(EventRing, TheOldestGoWhenItIsFull) {
  EventRing ring;
  for (size_t i = 0; i <= EventRing::kCapacity; ++i) ring.Add({.name = std::to_string(i)});
  EXPECT_EQ(ring.events().size(), EventRing::kCapacity);
  EXPECT_EQ(ring.events().front().name, "1");
  EXPECT_EQ(ring.events().back().name, std::to_string(EventRing::kCapacity));
}

}  // namespace
}  // namespace signpost::registry
