// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/fetch_queue.h"

#include <gtest/gtest.h>

namespace signpost::feed {
namespace {

catalog::Key K(const std::string& name) { return {catalog::Kind::kService, "dc1", name}; }

// The name of what is taken next, "" for nothing.
std::string Next(FetchQueue& queue, bool urgent_only = false) {
  const auto key = queue.Take(urgent_only);
  return key ? key->name : "";
}

TEST(FetchQueue, UrgentFirstThenInOrder) {
  FetchQueue queue(9);
  queue.Push(K("load1"), Urgency::kLoad);
  queue.Push(K("load2"), Urgency::kLoad);
  queue.Push(K("changed"), Urgency::kChanged);
  queue.Push(K("now"), Urgency::kNow);
  EXPECT_EQ(Next(queue), "now");
  EXPECT_EQ(Next(queue), "changed");
  EXPECT_EQ(Next(queue), "load1");
  EXPECT_EQ(Next(queue), "load2");
  EXPECT_EQ(Next(queue), "");
}

TEST(FetchQueue, AKeyWaitsOnceAndMovesUpOnly) {
  FetchQueue queue(9);
  queue.Push(K("a"), Urgency::kLoad);
  queue.Push(K("b"), Urgency::kLoad);
  queue.Push(K("b"), Urgency::kNow);
  queue.Push(K("b"), Urgency::kLoad);
  EXPECT_EQ(queue.waiting(), 2U);
  EXPECT_EQ(queue.urgent(), 1U);
  EXPECT_EQ(Next(queue), "b");
  EXPECT_EQ(queue.urgent(), 0U);
  EXPECT_EQ(Next(queue), "a");
  EXPECT_EQ(Next(queue), "");
}

TEST(FetchQueue, KeepsToItsLimit) {
  FetchQueue queue(1);
  queue.Push(K("a"), Urgency::kNow);
  queue.Push(K("b"), Urgency::kNow);
  EXPECT_EQ(Next(queue), "a");
  EXPECT_EQ(Next(queue), "");
  EXPECT_FALSE(queue.TakeDirectly(K("c")));
  queue.Done(K("a"));
  EXPECT_EQ(Next(queue), "b");
}

TEST(FetchQueue, PushedInFlightMeansAgain) {
  FetchQueue queue(9);
  queue.Push(K("a"), Urgency::kLoad);
  EXPECT_EQ(Next(queue), "a");
  queue.Push(K("a"), Urgency::kChanged);
  queue.Push(K("a"), Urgency::kNow);
  queue.Push(K("a"), Urgency::kLoad);
  EXPECT_EQ(Next(queue), "");
  queue.Done(K("a"));
  EXPECT_EQ(queue.urgent(), 1U);
  EXPECT_EQ(Next(queue), "a");
  queue.Done(K("a"));
  EXPECT_EQ(Next(queue), "");
  EXPECT_EQ(queue.in_flight(), 0U);
}

TEST(FetchQueue, PausedItGivesUrgentKeysOnly) {
  FetchQueue queue(9);
  queue.Push(K("a"), Urgency::kChanged);
  EXPECT_EQ(Next(queue, true), "");
  queue.Push(K("b"), Urgency::kNow);
  EXPECT_EQ(Next(queue, true), "b");
  EXPECT_EQ(Next(queue, false), "a");
}

TEST(FetchQueue, SweepsTakeOnlyWhatIsIdle) {
  FetchQueue queue(9);
  queue.Push(K("waiting"), Urgency::kLoad);
  EXPECT_FALSE(queue.TakeDirectly(K("waiting")));
  EXPECT_TRUE(queue.TakeDirectly(K("idle")));
  EXPECT_FALSE(queue.TakeDirectly(K("idle")));
  queue.Done(K("idle"));
  EXPECT_TRUE(queue.TakeDirectly(K("idle")));
}

}  // namespace
}  // namespace signpost::feed
