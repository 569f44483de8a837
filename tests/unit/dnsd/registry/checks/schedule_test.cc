// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/schedule.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace signpost::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string TakeAll(Schedule& schedule, Nanos now) {
  std::string keys;
  while (const auto turn = schedule.Take(now)) keys += turn->key;
  return keys;
}

TEST(ScheduleTest, FirstRunsSpreadOverTheInterval) {
  Schedule schedule(1000, 7);
  for (int i = 0; i < 1000; ++i) schedule.Add(std::to_string(i), seconds(10), seconds(100));
  std::array<int, 10> per_second{};
  for (size_t i = 0; i < per_second.size(); ++i) {
    while (schedule.Take(seconds(100 + static_cast<int64_t>(i) + 1) - Nanos(1))) ++per_second[i];
  }
  int all = 0;
  for (const int count : per_second) {
    EXPECT_GT(count, 60);
    EXPECT_LT(count, 140);
    all += count;
  }
  EXPECT_EQ(all, 1000);
}

TEST(ScheduleTest, NextRunComesOneIntervalAfterTheEnd) {
  Schedule schedule(10, 7);
  schedule.Add("a", seconds(10), seconds(0));
  EXPECT_EQ(TakeAll(schedule, seconds(10)), "a");
  EXPECT_EQ(TakeAll(schedule, seconds(100)), "") << "it still runs";
  EXPECT_EQ(schedule.Next(), std::nullopt);
  schedule.Finished("a", seconds(104));
  EXPECT_EQ(schedule.Next(), seconds(114));
  EXPECT_EQ(TakeAll(schedule, seconds(114) - Nanos(1)), "");
  EXPECT_EQ(TakeAll(schedule, seconds(114)), "a");
}

TEST(ScheduleTest, NoMoreThanAllowedRunAndTheLongestWaitingIsNext) {
  Schedule schedule(2, 7);
  for (const char* key : {"a", "b", "c"}) {
    schedule.Add(key, Nanos(1), seconds(0));  // no stagger
  }
  EXPECT_EQ(TakeAll(schedule, seconds(5)), "ab");
  EXPECT_EQ(schedule.running(), 2U);
  EXPECT_EQ(schedule.Waiting(seconds(5)), 1U);
  EXPECT_EQ(schedule.Next(), std::nullopt) << "no place: nothing to wake for";
  schedule.Finished("a", seconds(6));
  EXPECT_EQ(schedule.Next(), seconds(0));
  const auto turn = schedule.Take(seconds(6));
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->key, "c") << "a became due later";
  EXPECT_EQ(turn->waited, seconds(6));
}

TEST(ScheduleTest, ARemovedRunGivesItsPlaceBack) {
  Schedule schedule(1, 7);
  schedule.Add("a", Nanos(1), seconds(0));
  schedule.Add("b", Nanos(1), seconds(0));
  EXPECT_EQ(TakeAll(schedule, seconds(1)), "a");
  schedule.Remove("a");
  schedule.Finished("a", seconds(1));
  schedule.Finished("never there", seconds(1));
  EXPECT_EQ(schedule.running(), 0U);
  EXPECT_EQ(TakeAll(schedule, seconds(1)), "b");
  schedule.Add("b", Nanos(1), seconds(2));
  EXPECT_EQ(TakeAll(schedule, seconds(2)), "b") << "replaced: the place of the earlier one is free";
  EXPECT_EQ(schedule.running(), 1U);
}

TEST(DeadlineQueueTest, KeysComeOutByTime) {
  DeadlineQueue queue;
  queue.Set("a", seconds(3));
  queue.Set("b", seconds(2));
  queue.Set("c", seconds(1));
  queue.Set("c", seconds(4));
  queue.Erase("b");
  queue.Erase("nobody");
  EXPECT_EQ(queue.First(), seconds(3));
  EXPECT_EQ(queue.CountDue(seconds(4), 10), 2U);
  EXPECT_EQ(queue.CountDue(seconds(4), 1), 1U);
  EXPECT_FALSE(queue.TakeDue(milliseconds(2999)));
  EXPECT_EQ(queue.TakeDue(seconds(9))->second, "a");
  EXPECT_EQ(queue.TakeDue(seconds(9))->second, "c");
  EXPECT_FALSE(queue.TakeDue(seconds(9)));
  EXPECT_EQ(queue.First(), std::nullopt);
}

}  // namespace
}  // namespace signpost::registry
