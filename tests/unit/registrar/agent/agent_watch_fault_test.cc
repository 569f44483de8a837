// Signpost. Apache-2.0; see LICENSE.
// Agents that die, come back empty, or do not show everything to a token.
#include <gmock/gmock.h>

#include <algorithm>

#include "registrar/agent/agent_watch.h"
#include "tests/unit/registrar/agent/agent_watch_fixture.h"

namespace signpost::registrar {
namespace {

using test::RunUntil;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AgentWatchFaultTest : public AgentWatchTest {
 protected:
  // Own services "a" and "b" were read, and "a" and the node are held.
  void Settle() {
    fake_.Put("a", "me");
    fake_.Put("b", "me");
    Start();
    ASSERT_TRUE(Says("a b"));
    watch_->SetSentinel("a");
    ASSERT_TRUE(Holds(2));
    said_.clear();
  }
  // So that only a reading can tell.
  void WithoutNodeWatch() { fake_.FailWith("/v1/catalog/", 403); }
};

TEST_F(AgentWatchFaultTest, AnAgentThatIsDownAtTheStart) {  // case 100
  fake_.Stop();
  Start();
  ASSERT_TRUE(Says("lost"));
  EXPECT_EQ(lost_.back().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(watch_->reachable());
  EXPECT_TRUE(RunUntil(loop_, [this] { return watch_->counters().readings.value() > 3; }));
  fake_.Start();
  ASSERT_TRUE(Says(""));
  EXPECT_THAT(said_, ElementsAre("lost", "")) << "said once";
  EXPECT_TRUE(watch_->reachable());
}

TEST_F(AgentWatchFaultTest, AnAgentThatComesBackEmpty) {  // case 101
  Settle();
  const Millis killed = loop_.Now();
  fake_.Restart(false);
  ASSERT_TRUE(Says(""));
  EXPECT_LT(loop_.Now() - killed, Millis(2000));
  EXPECT_THAT(said_, Not(ElementsAre("")));
  const auto restarted = std::find(said_.begin(), said_.end(), "restarted");
  ASSERT_NE(restarted, said_.end());
  EXPECT_EQ(*(restarted + 1), "") << "first that it is another, then what it has";
  EXPECT_EQ(watch_->counters().restarts.value(), 1U);
  EXPECT_EQ(watch_->counters().doubted_readings.value(), 0U);
}

TEST_F(AgentWatchFaultTest, AnAgentThatComesBackEmptyAndDoesNotSayWho) {
  fake_.HideSelf(true);
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  watch_->SetSentinel("a");
  ASSERT_TRUE(Holds(1));
  fake_.Restart(false);
  EXPECT_TRUE(Says("")) << "the direct question gets 404";
  EXPECT_EQ(watch_->counters().restarts.value(), 0U);
}

TEST_F(AgentWatchFaultTest, AnAgentThatComesBackWithItsData) {  // case 102
  Settle();
  fake_.Stop();
  ASSERT_TRUE(Says("lost"));
  fake_.Start();
  ASSERT_TRUE(Says("a b"));
  ASSERT_TRUE(Holds(2)) << "and is held again";
  EXPECT_EQ(watch_->counters().restarts.value(), 0U);
  EXPECT_TRUE(fake_.writes().empty());
}

// A hold that breaks soon; the time-outs of other requests are longer than the test waits.
class SilentAgentTest : public AgentWatchFaultTest {
 protected:
  SilentAgentTest() {
    options_.hold = Millis(50);
    options_.hold_slack = Millis(50);
    options_.quick_timeout = Millis(60);
    options_.timeout = Millis(60000);
  }
  void FallSilent() {
    fake_.Delay("/", Millis(3600000));
    said_.clear();
  }
};

TEST_F(SilentAgentTest, IsFoundByTheHoldAndAQuickReading) {
  Settle();
  FallSilent();
  ASSERT_TRUE(Says("lost"));
  EXPECT_EQ(lost_.back().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(watch_->reachable());
}

TEST_F(SilentAgentTest, IsFoundAlthoughAReadingWaitsForIt) {
  Settle();
  FallSilent();
  const int asked = fake_.requests("/v1/agent/self");
  watch_->Refresh();
  ASSERT_TRUE(RunUntil(loop_, [&] { return fake_.requests("/v1/agent/self") == asked + 1; }));
  EXPECT_TRUE(Says("lost"));
}

TEST_F(SilentAgentTest, ThatIsOnlySlowIsReadWithPatienceAfterAll) {
  Settle();
  FallSilent();
  ASSERT_TRUE(Says("lost"));
  fake_.Delay("/", Millis(0));
  fake_.Delay("/v1/agent/self", Millis(150));
  EXPECT_TRUE(Says("a b"));
}

TEST_F(AgentWatchFaultTest, AnAgentThatStaysAwayIsLostOnce) {
  Settle();
  fake_.Stop();
  ASSERT_TRUE(Says("lost"));
  const uint64_t readings = watch_->counters().readings.value();
  EXPECT_TRUE(RunUntil(loop_, [&] { return watch_->counters().readings.value() > readings + 3; }));
  EXPECT_THAT(said_, ElementsAre("lost"));
}

TEST_F(AgentWatchFaultTest, AnEmptyListForALostRightIsNotBelieved) {  // case 107
  Settle();
  fake_.LoseRights(true);
  watch_->Refresh();
  ASSERT_TRUE(Says("lost"));
  EXPECT_EQ(lost_.back().kind(), ErrorKind::kDenied);
  EXPECT_THAT(lost_.back().text(), HasSubstr("403"));
  EXPECT_TRUE(watch_->denied());
  EXPECT_TRUE(watch_->reachable());
  EXPECT_TRUE(RunUntil(loop_, [this] { return watch_->counters().doubted_readings.value() > 3; }));
  EXPECT_THAT(said_, ElementsAre("lost"));
  fake_.LoseRights(false);
  EXPECT_TRUE(Says("a b"));
  EXPECT_FALSE(watch_->denied());
}

TEST_F(AgentWatchFaultTest, AnEmptyListIsNotBelievedWhileNobodyConfirmsIt) {
  WithoutNodeWatch();
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  fake_.Pretend("/v1/agent/services", "{}");
  for (const int status : {500, 403, 429}) {
    fake_.FailWith("/v1/agent/service/", status);
    const uint64_t doubted = watch_->counters().doubted_readings.value();
    watch_->Refresh();
    EXPECT_TRUE(RunUntil(loop_, [&] { return watch_->counters().doubted_readings.value() > doubted + 1; })) << status;
  }
  EXPECT_THAT(said_, Not(::testing::Contains("")));
  fake_.FailWith("/v1/agent/service/", 404, "unknown service ID");
  EXPECT_TRUE(Says(""));
}

TEST_F(AgentWatchFaultTest, AServiceThatIsThereAfterAllIsAskedForAgain) {
  WithoutNodeWatch();
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  fake_.Pretend("/v1/agent/services", "{}");
  watch_->Refresh();
  ASSERT_TRUE(RunUntil(loop_, [&] { return watch_->counters().doubted_readings.value() == 1; }));
  EXPECT_TRUE(lost_.empty()) << "a removal and a registration at the same time are no trouble";
  ASSERT_TRUE(Says("lost")) << "but it does not last";
  EXPECT_EQ(lost_.back().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(watch_->denied());
  fake_.FailWith("/v1/agent/services", 200);
  EXPECT_TRUE(Says("a"));
}

TEST_F(AgentWatchFaultTest, ARefusedListIsALossOfItsOwnKind) {
  Settle();
  fake_.FailWith("/v1/agent/services", 500);
  watch_->Refresh();
  ASSERT_TRUE(RunUntil(loop_, [this] { return lost_.size() == 1; }));
  EXPECT_EQ(lost_.back().kind(), ErrorKind::kUnavailable);
  fake_.FailWith("/v1/agent/services", 403, "ACL not found");
  ASSERT_TRUE(RunUntil(loop_, [this] { return lost_.size() == 2; }));
  EXPECT_EQ(lost_.back().kind(), ErrorKind::kDenied);
  EXPECT_TRUE(watch_->denied());
  fake_.FailWith("/v1/agent/services", 200);
  EXPECT_TRUE(Says("a b"));
  EXPECT_FALSE(watch_->denied());
}

TEST_F(AgentWatchFaultTest, SomethingElseThanAnAgentIsALoss) {
  for (const char* path : {"/v1/agent/self", "/v1/agent/services", "/v1/agent/checks"}) {
    fake_.Pretend(path, "<html>");
    said_.clear();
    Start();
    ASSERT_TRUE(Says("lost")) << path;
    EXPECT_EQ(lost_.back().kind(), ErrorKind::kInvalid) << path;
    EXPECT_FALSE(watch_->reachable());
    fake_.FailWith(path, 200);
    ASSERT_TRUE(Says("")) << path;
  }
}

TEST_F(AgentWatchFaultTest, AnAgentThatDiesDuringTheDirectQuestion) {
  WithoutNodeWatch();
  fake_.Put("a", "me");
  Start();
  ASSERT_TRUE(Says("a"));
  fake_.Pretend("/v1/agent/services", "{}");
  fake_.Delay("/v1/agent/service/", Millis(60000));
  watch_->Refresh();
  ASSERT_TRUE(RunUntil(loop_, [this] { return questions("a") == 1; }));
  fake_.Stop();
  ASSERT_TRUE(Says("lost"));
  EXPECT_FALSE(watch_->reachable());
  EXPECT_EQ(watch_->counters().doubted_readings.value(), 0U);
}

}  // namespace
}  // namespace signpost::registrar
