// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/watch_rules.h"

#include <gtest/gtest.h>

namespace signpost::consul {
namespace {

AgentReply Good(uint64_t index) {
  AgentReply reply;
  reply.status = 200;
  reply.index = index;
  return reply;
}

TEST(NextStep, DecidesByTheReply) {
  constexpr WatchPosition kNone{};
  constexpr WatchPosition kAt50{50, true, 7};
  const struct {
    const char* what;
    WatchPosition last;
    AgentReply reply;
    size_t hash;
    WatchStep expected;
  } kCases[] = {
      {"first reply", kNone, Good(50), 7, {AgentError::kNone, true, true, {50, true, 7}}},
      {"first reply with an empty body's hash", kNone, Good(50), 0, {AgentError::kNone, true, true, {50, true, 0}}},
      {"time-out without change", kAt50, Good(50), 7, {AgentError::kNone, false, false, {50, true, 7}}},
      {"index moved, body equal", kAt50, Good(51), 7, {AgentError::kNone, false, true, {51, true, 7}}},
      {"index moved, body changed", kAt50, Good(51), 8, {AgentError::kNone, true, true, {51, true, 8}}},
      {"index equal, body changed", kAt50, Good(50), 8, {AgentError::kNone, true, false, {50, true, 8}}},
      {"index went backwards", kAt50, Good(3), 8, {AgentError::kNone, true, true, {0, true, 8}}},
      {"no index", kAt50, Good(0), 8, {AgentError::kBadReply, false, false, {0, true, 7}}},
  };
  for (const auto& test : kCases) EXPECT_EQ(NextStep(test.last, test.reply, test.hash), test.expected) << test.what;
}

TEST(NextStep, EveryFailureKeepsTheDataAndResetsTheIndex) {
  constexpr WatchPosition kAt50{50, true, 7};
  for (const AgentError error : {AgentError::kConnect, AgentError::kTimeout, AgentError::kDenied, AgentError::kNotFound,
                                 AgentError::kServer, AgentError::kBadReply}) {
    AgentReply reply = Good(60);
    reply.error = error;
    const WatchStep expected{error, false, false, {0, true, 7}};
    EXPECT_EQ(NextStep(kAt50, reply, 8), expected) << AgentErrorName(error);
  }
}

TEST(NextStep, DoesNotBelieveAServerWithoutLeader) {
  AgentReply lost = Good(60);
  lost.known_leader = false;
  EXPECT_EQ(NextStep({50, true, 7}, lost, 8).error, AgentError::kNoLeader);
  AgentReply late = Good(60);
  late.last_contact = kMaxLastContact + Millis(1);
  EXPECT_EQ(NextStep({50, true, 7}, late, 8).error, AgentError::kNoLeader);
  EXPECT_EQ(NextStep({50, true, 7}, late, 8, kMaxLastContact * 2).error, AgentError::kNone);
  late.last_contact = kMaxLastContact;
  EXPECT_EQ(NextStep({50, true, 7}, late, 8).error, AgentError::kNone);
}

TEST(BlockingTimeout, ExceedsTheServersJitter) {
  EXPECT_GT(BlockingTimeout(Millis(60000)), Millis(60000 + 60000 / 16 + 5000));
}

TEST(TokenBucket, AllowsABurstThenItsRate) {
  TokenBucket bucket(3, 10);
  const Millis start(1000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.Take(start), Millis(0));
  EXPECT_EQ(bucket.Take(start), Millis(100));
  EXPECT_EQ(bucket.Take(start), Millis(200));
  EXPECT_EQ(bucket.Take(start + Millis(200)), Millis(100));
  EXPECT_EQ(bucket.Take(start + Millis(60000)), Millis(0));
}

TEST(TokenBucket, TryTakeWaitsForAWholeToken) {
  TokenBucket bucket(1, 10);
  const Millis start(1000);
  EXPECT_TRUE(bucket.TryTake(start));
  EXPECT_FALSE(bucket.TryTake(start + Millis(50)));
  EXPECT_EQ(bucket.WaitTime(start + Millis(50)), Millis(50));
  EXPECT_TRUE(bucket.TryTake(start + Millis(100)));
}

}  // namespace
}  // namespace signpost::consul
