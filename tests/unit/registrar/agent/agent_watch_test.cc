// Signpost. Apache-2.0; see LICENSE.
// What an AgentWatch sees, and by which signs.
#include "registrar/agent/agent_watch.h"

#include <gtest/gtest.h>

#include "tests/unit/registrar/agent/agent_watch_fixture.h"

namespace signpost::registrar {
namespace {

using test::RunTurns;
using test::RunUntil;

TEST_F(AgentWatchTest, TellsWhatStandsThere) {
  fake_.Put("a", "me");
  fake_.Put("x", "");
  const Millis before = loop_.Now();
  Start();
  EXPECT_TRUE(said_.empty()) << "not from inside a method";
  ASSERT_TRUE(Says("a x"));
  EXPECT_GE(begun_, before);
  EXPECT_TRUE(watch_->reachable());
  EXPECT_FALSE(watch_->denied());
  EXPECT_TRUE(Holds(1));
  EXPECT_EQ(fake_.requests("/v1/catalog/node/n1"), 2) << "the node, then held";
}

TEST_F(AgentWatchTest, ARemovalByOthersShowsAtOnce) {  // case 103
  fake_.Put("a", "me");
  fake_.Put("b", "me");
  Start();
  ASSERT_TRUE(Says("a b"));
  ASSERT_TRUE(Holds(1)) << "the node";
  fake_.Remove("b");
  EXPECT_TRUE(Says("a"));
  EXPECT_EQ(questions("b"), 1) << "a direct question has confirmed it";
  EXPECT_TRUE(lost_.empty());
}

TEST_F(AgentWatchTest, AnEditByOthersShowsAtOnce) {  // case 104
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  ASSERT_TRUE(Holds(1));
  const uint64_t readings = watch_->counters().readings.value();
  fake_.Put("a", "me", 81);
  EXPECT_TRUE(RunUntil(loop_, [&] { return watch_->counters().readings.value() > readings; }));
}

TEST_F(AgentWatchTest, WithoutTheRightToWatchNodesThePeriodFindsIt) {
  options_.read_period = Millis(40);
  fake_.FailWith("/v1/catalog/", 403);
  fake_.Put("a", "me");
  fake_.Put("b", "me");
  Start();
  ASSERT_TRUE(Says("a b"));
  fake_.Remove("b");
  EXPECT_TRUE(Says("a"));
  EXPECT_TRUE(lost_.empty());
}

TEST_F(AgentWatchTest, TheSentinelsRemovalShowsAtOnce) {
  fake_.FailWith("/v1/catalog/", 500);
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  watch_->SetSentinel("a");
  ASSERT_TRUE(Holds(1));
  fake_.Remove("a");
  EXPECT_TRUE(Says(""));
}

TEST_F(AgentWatchTest, WhatTheCallerRemovedIsNotMissed) {
  fake_.FailWith("/v1/catalog/", 500);
  fake_.Put("a", "me");
  fake_.Put("b", "me");
  Start();
  ASSERT_TRUE(Says("a b"));
  fake_.Remove("b");
  watch_->Forget("b");
  watch_->Refresh();
  EXPECT_TRUE(Says("a"));
  EXPECT_EQ(questions("b"), 0);
}

// The lists are read when the services have been answered and the checks not yet: own writes of that moment.
class AgentWatchOverlapTest : public AgentWatchTest {
 protected:
  void ReadHalf() {
    fake_.FailWith("/v1/catalog/", 500);  // so that only Refresh starts a reading
    fake_.Put("a", "me");
    fake_.Put("b", "me");
    Start();
    ASSERT_TRUE(Says("a b"));
    ReadHalfAgain();
  }
  void ReadHalfAgain() {
    said_.clear();
    fake_.Delay("/v1/agent/checks", Millis(30));
    const int asked = fake_.requests("/v1/agent/checks");
    watch_->Refresh();
    ASSERT_TRUE(RunUntil(loop_, [&] { return fake_.requests("/v1/agent/checks") == asked + 1; }));
    RunTurns(loop_, 3);
    ASSERT_TRUE(said_.empty());
  }
};

TEST_F(AgentWatchOverlapTest, WhatTheCallerRegistersDuringAReadingIsNotMissedInIt) {
  ReadHalf();
  fake_.Put("c", "me");
  watch_->Remember("c");
  ASSERT_TRUE(Says("a b"));
  EXPECT_EQ(questions("c"), 0);
  EXPECT_EQ(watch_->counters().doubted_readings.value(), 0U);
  fake_.Remove("c");
  watch_->Refresh();
  EXPECT_TRUE(RunUntil(loop_, [this] { return questions("c") == 1; })) << "but in the next one";
}

TEST_F(AgentWatchOverlapTest, WhatTheCallerRemovesDuringAReadingIsNotMissedInTheNext) {
  ReadHalf();
  fake_.Remove("b");
  watch_->Forget("b");
  ASSERT_TRUE(Says("a b")) << "the list is older";
  watch_->Refresh();
  ASSERT_TRUE(Says("a"));
  EXPECT_EQ(questions("b"), 0);
}

TEST_F(AgentWatchOverlapTest, WhatTheCallerRegistersDuringTheDirectQuestionIsNoDoubt) {
  ReadHalf();
  ASSERT_TRUE(Says("a b"));
  fake_.Remove("b");
  fake_.Delay("/v1/agent/service/b", Millis(30));
  watch_->Refresh();
  ASSERT_TRUE(RunUntil(loop_, [this] { return questions("b") == 1; }));
  fake_.Put("b", "me");
  watch_->Remember("b");
  ASSERT_TRUE(Says("a"));
  EXPECT_EQ(watch_->counters().doubted_readings.value(), 0U);
  watch_->Refresh();
  EXPECT_TRUE(Says("a b"));
}

TEST_F(AgentWatchTest, WhatOthersRemoveOfTheirOwnIsNotMissed) {
  fake_.Put("x", "");
  fake_.Put("y", "you");
  Start();
  ASSERT_TRUE(Says("x y"));
  fake_.Remove("x");
  fake_.Remove("y");
  EXPECT_TRUE(Says(""));
  EXPECT_EQ(questions(""), 0);
}

TEST_F(AgentWatchTest, ManyRequestsToReadAreFewReadings) {
  options_.min_read_gap = Millis(50);
  Start();
  ASSERT_TRUE(Says(""));
  ASSERT_TRUE(Holds(1));
  const uint64_t readings = watch_->counters().readings.value();
  const Millis began = loop_.Now();
  net::Timer often(loop_, [this] { watch_->Refresh(); });
  often.StartPeriodic(Millis(1));
  EXPECT_TRUE(RunUntil(loop_, [&] { return watch_->counters().readings.value() >= readings + 4; }));
  EXPECT_GE(loop_.Now() - began, Millis(150)) << "three gaps lie between four readings";
}

TEST_F(AgentWatchTest, ARequestDuringAReadingIsNotLost) {
  Start();
  ASSERT_TRUE(Says(""));
  ASSERT_TRUE(Holds(1));
  fake_.FailWith("/v1/catalog/", 500);
  fake_.Delay("/v1/agent/self", Millis(30));
  const int asked = fake_.requests("/v1/agent/self");
  watch_->Refresh();
  ASSERT_TRUE(RunUntil(loop_, [&] { return fake_.requests("/v1/agent/self") == asked + 1; }));
  watch_->Refresh();
  watch_->Refresh();
  EXPECT_TRUE(RunUntil(loop_, [&] { return fake_.requests("/v1/agent/self") == asked + 2 && !watch_reading(); }));
  RunTurns(loop_, 20);
  EXPECT_EQ(fake_.requests("/v1/agent/self"), asked + 2);
}

TEST_F(AgentWatchTest, ATokenThatMayNotAskWhoTheAgentIsIsEnough) {
  fake_.HideSelf(true);
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  EXPECT_FALSE(watch_->denied());
  EXPECT_EQ(fake_.requests("/v1/catalog/"), 0);
  fake_.HideSelf(false);
  watch_->Refresh();
  EXPECT_TRUE(Holds(1)) << "the node, once its name is known";
  EXPECT_EQ(watch_->counters().restarts.value(), 0U);
}

TEST_F(AgentWatchTest, MayBeDestroyedAtAnyTime) {
  fake_.Put("a", "me");
  fake_.Delay("/v1/agent/services", Millis(60000));
  Start();
  watch_ = nullptr;
  Start();
  ASSERT_TRUE(RunUntil(loop_, [this] { return fake_.requests("/v1/agent/services") == 1; }));
  watch_ = nullptr;
  RunTurns(loop_, 20);
  EXPECT_TRUE(said_.empty());
}

}  // namespace
}  // namespace signpost::registrar
