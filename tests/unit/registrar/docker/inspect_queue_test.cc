// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/inspect_queue.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

constexpr Millis kNow{1000};

class InspectQueueTest : public ::testing::Test {
 protected:
  // Everything that may begin now, as one text.
  std::string Take(Millis now = kNow) {
    std::string ids;
    while (const auto id = queue_.Next(now)) ids += *id;
    return ids;
  }

  InspectQueue queue_{Millis(100), Millis(400), 1};
};

TEST_F(InspectQueueTest, MarksAreOneAndKeepTheirOrder) {
  for (const char* id : {"b", "a", "b", "c", "a"}) queue_.MarkDirty(id);
  EXPECT_EQ(Take(), "bac");
  EXPECT_TRUE(queue_.Finish("a"));
  EXPECT_EQ(Take(), "");
}

TEST_F(InspectQueueTest, AMarkWhileUnderWayMakesTheAnswerOld) {
  queue_.MarkDirty("a");
  EXPECT_EQ(Take(), "a");
  queue_.MarkDirty("a");
  queue_.MarkDirty("a");
  EXPECT_EQ(Take(), "") << "one inspect per container at a time";
  EXPECT_FALSE(queue_.Finish("a"));
  EXPECT_EQ(Take(), "a");
  EXPECT_TRUE(queue_.Finish("a"));
  EXPECT_EQ(Take(), "");
}

TEST_F(InspectQueueTest, AWishLeavesWhatIsQueuedWaitingOrUnderWayAlone) {
  queue_.Want("a");
  queue_.Want("a");
  EXPECT_EQ(Take(), "a");
  queue_.Want("a");
  EXPECT_TRUE(queue_.Finish("a")) << "the answer under way will do";
  EXPECT_EQ(Take(), "");
  queue_.Want("a");
  EXPECT_EQ(Take(), "a");
  queue_.Fail("a", kNow);
  queue_.Want("a");
  EXPECT_EQ(Take(), "") << "the wait after a failure goes on";
  EXPECT_EQ(Take(kNow + Millis(100)), "a");
  queue_.MarkDirty("a");
  queue_.Want("a");
  EXPECT_FALSE(queue_.Finish("a")) << "the event before it still counts";
}

TEST_F(InspectQueueTest, FailuresWaitEverLonger) {
  queue_.MarkDirty("a");
  Millis now = kNow;
  for (const Millis step : {Millis(100), Millis(200), Millis(400), Millis(400)}) {
    EXPECT_EQ(Take(now), "a");
    queue_.Fail("a", now);
    const Millis deadline = queue_.NextDeadline().value();
    EXPECT_GE(deadline - now, step / 2);
    EXPECT_LE(deadline - now, step);
    EXPECT_EQ(Take(deadline - Millis(1)), "");
    now = deadline;
  }
  EXPECT_EQ(Take(now), "a");
  EXPECT_TRUE(queue_.Finish("a"));
  EXPECT_FALSE(queue_.NextDeadline());
}

TEST_F(InspectQueueTest, NewsEndAWaitButNotTheMemoryOfFailures) {
  queue_.MarkDirty("a");
  EXPECT_EQ(Take(), "a");
  queue_.Fail("a", kNow);
  queue_.MarkDirty("a");
  EXPECT_EQ(Take(), "a");
  queue_.Fail("a", kNow);
  EXPECT_GE(queue_.NextDeadline().value() - kNow, Millis(100)) << "the second step";
}

TEST_F(InspectQueueTest, AMarkDuringAFailingInspectNeedsNoInspectOfItsOwn) {
  queue_.MarkDirty("a");
  EXPECT_EQ(Take(), "a");
  queue_.MarkDirty("a");
  queue_.Fail("a", kNow);
  EXPECT_EQ(Take(kNow + Millis(100)), "a");
  EXPECT_TRUE(queue_.Finish("a"));
}

TEST_F(InspectQueueTest, AnInterruptionQueuesEverythingAgain) {
  for (const char* id : {"a", "b", "c"}) queue_.MarkDirty(id);
  EXPECT_EQ(queue_.Next(kNow), "a");
  EXPECT_EQ(queue_.Next(kNow), "b");
  queue_.Fail("b", kNow);
  queue_.Interrupt();
  EXPECT_EQ(Take(), "cab");
  EXPECT_TRUE(queue_.Finish("a"));
}

TEST_F(InspectQueueTest, WhatIsNotUnderWayCannotEnd) {
  queue_.MarkDirty("a");
  EXPECT_FALSE(queue_.Finish("a"));
  EXPECT_FALSE(queue_.Finish("b"));
  queue_.Fail("a", kNow);
  EXPECT_EQ(Take(), "a");
}

}  // namespace
}  // namespace signpost::registrar
