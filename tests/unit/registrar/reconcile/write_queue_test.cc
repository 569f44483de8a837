// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/write_queue.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

constexpr Millis kNow{1000};

WriteQueue MakeQueue() { return WriteQueue({.retry_first = Millis(200), .retry_cap = Millis(1000)}, 7); }

TEST(WriteQueueTest, GivesEachDirtyServiceOnceInOrder) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  queue.MarkDirty("b");
  queue.MarkDirty("a");
  EXPECT_EQ(queue.Next(kNow), "a");
  EXPECT_EQ(queue.Next(kNow), "b");
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
  EXPECT_EQ(queue.under_way(), 2);
}

TEST(WriteQueueTest, AnUrgentOneOvertakes) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  queue.MarkDirty("b");
  queue.MarkDirty("b", Urgency::kFirst);
  queue.MarkDirty("c", Urgency::kFirst);
  EXPECT_EQ(queue.Next(kNow), "c");
  EXPECT_EQ(queue.Next(kNow), "b");
  EXPECT_EQ(queue.Next(kNow), "a");
}

TEST(WriteQueueTest, DirtyWhileUnderWayIsLookedAtAgain) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.MarkDirty("a");
  EXPECT_EQ(queue.Next(kNow), std::nullopt) << "never twice at once";
  queue.Clean("a");
  EXPECT_EQ(queue.Next(kNow), "a");
  queue.Clean("a");
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
}

TEST(WriteQueueTest, AgainComesBackWithoutBeingMarked) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Again("a");
  EXPECT_EQ(queue.Next(kNow), "a");
}

TEST(WriteQueueTest, FailuresWaitEverLongerAndMarkingDoesNotShortenIt) {
  WriteQueue queue = MakeQueue();
  Millis now = kNow;
  Millis last{0};
  for (const Millis longest : {Millis(200), Millis(400), Millis(800), Millis(1000), Millis(1000)}) {
    queue.MarkDirty("a");
    const auto deadline = queue.NextDeadline(now);
    ASSERT_TRUE(deadline);
    now = *deadline;
    ASSERT_EQ(queue.Next(now), "a");
    queue.Failed("a", "no connection", now);
    queue.MarkDirty("a", Urgency::kFirst);
    EXPECT_EQ(queue.Next(now), std::nullopt);
    last = *queue.NextDeadline(now) - now;
    EXPECT_GE(last, longest / 2);
    EXPECT_LE(last, longest);
  }
  EXPECT_EQ(queue.Trouble("a"), "no connection");
  EXPECT_EQ(queue.waiting(), 1);
}

TEST(WriteQueueTest, OneThatFailsDoesNotHoldUpOthers) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Failed("a", "no", kNow);
  queue.MarkDirty("b");
  EXPECT_EQ(queue.Next(kNow), "b");
}

TEST(WriteQueueTest, SuccessForgetsTheFailure) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Failed("a", "no", kNow);
  ASSERT_EQ(queue.Next(kNow + Millis(200)), "a");
  queue.Clean("a");
  EXPECT_EQ(queue.Trouble("a"), "");
  queue.MarkDirty("a");
  EXPECT_EQ(queue.Next(kNow + Millis(200)), "a");
}

TEST(WriteQueueTest, ANeighbourThatIsBackEndsAllWaiting) {
  WriteQueue queue = MakeQueue();
  for (const char* id : {"a", "b"}) {
    queue.MarkDirty(id);
    ASSERT_EQ(queue.Next(kNow), id);
    queue.Failed(id, "no", kNow);
  }
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
  queue.ForgetFailures();
  EXPECT_TRUE(queue.Next(kNow));
  EXPECT_TRUE(queue.Next(kNow));
}

TEST(WriteQueueTest, ParkedUntilTheKeyDiffers) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a");
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Park("a", "spec 1", "bad meta");
  EXPECT_EQ(queue.parked(), 1);
  EXPECT_EQ(queue.Trouble("a"), "bad meta");
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
  queue.MarkDirty("a");
  ASSERT_EQ(queue.Next(kNow), "a");
  EXPECT_TRUE(queue.IsParked("a", "spec 1"));
  EXPECT_FALSE(queue.IsParked("a", "spec 2"));
  EXPECT_EQ(queue.parked(), 0);
  EXPECT_EQ(queue.Trouble("a"), "");
}

TEST(WriteQueueTest, BusyIsWhatIsOnItsWayAndHasNotFailed) {
  WriteQueue queue = MakeQueue();
  EXPECT_FALSE(queue.IsBusy("a"));
  queue.MarkDirty("a");
  EXPECT_TRUE(queue.IsBusy("a"));
  ASSERT_EQ(queue.Next(kNow), "a");
  EXPECT_TRUE(queue.IsBusy("a"));
  queue.Failed("a", "no", kNow);
  EXPECT_FALSE(queue.IsBusy("a"));
}

}  // namespace
}  // namespace signpost::registrar
