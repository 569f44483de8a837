// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/write_queue.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

constexpr Millis kNow{1000};

WriteQueue MakeQueue() { return WriteQueue({.retry_first = Millis(200), .retry_cap = Millis(1000)}, 7); }

TEST(WriteQueueTest, GivesEachDirtyServiceOnceInOrder) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  queue.MarkDirty("b", kNow);
  queue.MarkDirty("a", kNow);
  EXPECT_EQ(queue.Next(kNow), "a");
  EXPECT_EQ(queue.Next(kNow), "b");
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
}

TEST(WriteQueueTest, AnUrgentOneOvertakes) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  queue.MarkDirty("b", kNow);
  queue.MarkDirty("b", kNow, Urgency::kFirst);
  queue.MarkDirty("c", kNow, Urgency::kFirst);
  EXPECT_EQ(queue.Next(kNow), "c");
  EXPECT_EQ(queue.Next(kNow), "b");
  EXPECT_EQ(queue.Next(kNow), "a");
}

TEST(WriteQueueTest, DirtyWhileUnderWayIsLookedAtAgain) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.MarkDirty("a", kNow);
  EXPECT_EQ(queue.Next(kNow), std::nullopt) << "never twice at once";
  queue.Clean("a", kNow);
  EXPECT_EQ(queue.Next(kNow), "a");
  queue.Clean("a", kNow);
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
}

TEST(WriteQueueTest, AgainComesBackWithoutBeingMarked) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Again("a", kNow);
  EXPECT_EQ(queue.Next(kNow), "a");
}

TEST(WriteQueueTest, FailuresWaitEverLongerAndMarkingDoesNotShortenIt) {
  WriteQueue queue = MakeQueue();
  Millis now = kNow;
  queue.MarkDirty("a", now);
  for (const Millis longest : {Millis(200), Millis(400), Millis(800), Millis(1000), Millis(1000)}) {
    now = *queue.NextDeadline(now);
    ASSERT_EQ(queue.Next(now), "a");
    queue.Failed("a", "no connection", now);
    queue.MarkDirty("a", now);
    EXPECT_EQ(queue.Next(now), std::nullopt);
    const Millis wait = *queue.NextDeadline(now) - now;
    EXPECT_GE(wait, longest / 2);
    EXPECT_LE(wait, longest);
  }
  EXPECT_EQ(queue.Trouble("a"), "no connection");
  EXPECT_EQ(queue.waiting(), 1);
  EXPECT_EQ(queue.OldestWait(now), now - kNow) << "it has been dirty all the time";
}

TEST(WriteQueueTest, AnUrgentOneDoesNotWaitForItsRetry) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Failed("a", "no connection", kNow);
  queue.MarkDirty("a", kNow, Urgency::kFirst);
  EXPECT_EQ(queue.Next(kNow), "a");
  queue.Clean("a", kNow);
  EXPECT_EQ(queue.Next(kNow + Millis(5000)), std::nullopt) << "and is not there twice";
}

TEST(WriteQueueTest, UrgencyIsRememberedWhileUnderWay) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.MarkDirty("b", kNow);
  queue.MarkDirty("a", kNow, Urgency::kFirst);
  queue.MarkDirty("a", kNow);
  queue.Again("a", kNow);
  EXPECT_EQ(queue.Next(kNow), "a");
}

TEST(WriteQueueTest, OneThatFailsDoesNotHoldUpOthers) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Failed("a", "no", kNow);
  queue.MarkDirty("b", kNow);
  EXPECT_EQ(queue.Next(kNow), "b");
}

TEST(WriteQueueTest, SuccessForgetsTheFailure) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Failed("a", "no", kNow);
  ASSERT_EQ(queue.Next(kNow + Millis(200)), "a");
  queue.Clean("a", kNow);
  EXPECT_EQ(queue.Trouble("a"), "");
  queue.MarkDirty("a", kNow);
  EXPECT_EQ(queue.Next(kNow + Millis(200)), "a");
}

TEST(WriteQueueTest, ANeighbourThatIsBackEndsAllWaiting) {
  WriteQueue queue = MakeQueue();
  for (const char* id : {"a", "b"}) {
    queue.MarkDirty(id, kNow);
    ASSERT_EQ(queue.Next(kNow), id);
    queue.Failed(id, "no", kNow);
  }
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
  queue.ForgetFailures();
  EXPECT_TRUE(queue.Next(kNow));
  EXPECT_TRUE(queue.Next(kNow));
}

TEST(WriteQueueTest, ARefusedRequestIsRememberedWhileItIsWanted) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Park("a", "spec 1", "bad meta", kNow);
  EXPECT_EQ(queue.parked(), 1);
  EXPECT_EQ(queue.Trouble("a"), "bad meta");
  ASSERT_EQ(queue.Next(kNow), "a") << "there may be something else to do";
  EXPECT_TRUE(queue.IsParked("a", "spec 1"));
  EXPECT_FALSE(queue.IsParked("a", "mark"));
  queue.Clean("a", kNow);
  EXPECT_EQ(queue.Next(kNow), std::nullopt);
  EXPECT_TRUE(queue.IsParked("a", "spec 1"));
  EXPECT_EQ(queue.Trouble("a"), "bad meta");

  queue.KeepParked("a", {"spec 1", "mark"});
  EXPECT_TRUE(queue.IsParked("a", "spec 1"));
  queue.KeepParked("a", {"spec 2"});
  EXPECT_FALSE(queue.IsParked("a", "spec 1"));
  EXPECT_EQ(queue.parked(), 0);
  EXPECT_EQ(queue.Trouble("a"), "");
}

TEST(WriteQueueTest, ANeighbourThatIsBackIsAskedOnceMoreForWhatItRefused) {
  WriteQueue queue = MakeQueue();
  queue.MarkDirty("a", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Park("a", "spec", "no scripts here", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Clean("a", kNow);
  ASSERT_TRUE(queue.IsParked("a", "spec"));
  queue.ForgetFailures();
  EXPECT_FALSE(queue.IsParked("a", "spec"));
  EXPECT_EQ(queue.parked(), 0);
  EXPECT_EQ(queue.Trouble("a"), "");
}

TEST(WriteQueueTest, BusyIsWhatIsNotDone) {
  WriteQueue queue = MakeQueue();
  EXPECT_FALSE(queue.IsBusy("a"));
  queue.MarkDirty("a", kNow);
  EXPECT_TRUE(queue.IsBusy("a"));
  ASSERT_EQ(queue.Next(kNow), "a");
  EXPECT_TRUE(queue.IsBusy("a"));
  queue.Failed("a", "no", kNow);
  EXPECT_TRUE(queue.IsBusy("a")) << "it waits for its retry";
  ASSERT_EQ(queue.Next(kNow + Millis(200)), "a");
  queue.Park("a", "spec", "no", kNow);
  ASSERT_EQ(queue.Next(kNow), "a");
  queue.Clean("a", kNow);
  EXPECT_FALSE(queue.IsBusy("a")) << "parked for good";
}

}  // namespace
}  // namespace signpost::registrar
