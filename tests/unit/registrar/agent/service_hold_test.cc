// Signpost. Apache-2.0; see LICENSE.
#include "registrar/agent/service_hold.h"

#include <gtest/gtest.h>

#include "tests/support/consul/fake_agent.h"
#include "tests/support/run_loop.h"

namespace signpost::registrar {
namespace {

using test::RunTurns;
using test::RunUntil;

class ServiceHoldTest : public ::testing::Test {
 protected:
  ServiceHoldTest() {
    consul::AgentOptions options;
    options.url = fake_.url();
    client_ = std::make_unique<consul::AgentClient>(loop_, options);
    fake_.Put("a", "me");
    fake_.Put("b", "me");
    Make({.wait = Millis(60000), .retry_first = Millis(4), .retry_cap = Millis(20)});
  }
  void Make(ServiceHoldOptions options) {
    hold_ = std::make_unique<ServiceHold>(loop_, *client_, options, [this](ServiceHold::Sign sign) {
      ++signs_;
      last_ = sign;
    });
  }
  bool Held() const { return fake_.blocked() == 1; }
  bool Held(const std::string& id) {
    hold_->Set(id);
    return static_cast<bool>(RunUntil(loop_, [this] { return Held(); }));
  }

  net::Loop loop_;
  test::FakeAgent fake_{loop_};
  std::unique_ptr<consul::AgentClient> client_;
  std::unique_ptr<ServiceHold> hold_;
  int signs_ = 0;
  ServiceHold::Sign last_ = ServiceHold::Sign::kAnswered;
};

TEST_F(ServiceHoldTest, ChangeAndRemovalAreSigns) {
  ASSERT_TRUE(Held("a"));
  EXPECT_EQ(signs_, 0);
  fake_.Put("a", "me", 81);
  ASSERT_TRUE(RunUntil(loop_, [this] { return signs_ == 1 && Held(); }));
  fake_.Remove("a");
  ASSERT_TRUE(RunUntil(loop_, [this] { return signs_ == 2; }));
  const int asked = fake_.requests("/v1/agent/service/a");
  EXPECT_TRUE(RunUntil(loop_, [&] { return fake_.requests("/v1/agent/service/a") > asked + 1; })) << "goes on asking";
  EXPECT_EQ(signs_, 2) << "and says it once";
  EXPECT_EQ(last_, ServiceHold::Sign::kAnswered);
  fake_.Put("a", "me");
  ASSERT_TRUE(RunUntil(loop_, [this] { return Held(); }));
  fake_.Remove("a");
  EXPECT_TRUE(RunUntil(loop_, [this] { return signs_ == 3; }));
}

TEST_F(ServiceHoldTest, ADyingAgentIsASign) {
  ASSERT_TRUE(Held("a"));
  fake_.Stop();
  EXPECT_TRUE(RunUntil(loop_, [this] { return signs_ == 1; }));
  EXPECT_EQ(last_, ServiceHold::Sign::kBroken);
  fake_.Start();
  EXPECT_TRUE(RunUntil(loop_, [this] { return Held(); }));
  EXPECT_EQ(signs_, 1);
}

TEST_F(ServiceHoldTest, ASilentAgentIsASignAfterTheSlack) {
  Make({.wait = Millis(40), .slack = Millis(40), .retry_first = Millis(4), .retry_cap = Millis(20)});
  ASSERT_TRUE(Held("a"));
  fake_.Delay("/", Millis(3600000));
  EXPECT_TRUE(RunUntil(loop_, [this] { return signs_ == 1; }));
  EXPECT_EQ(last_, ServiceHold::Sign::kBroken);
}

TEST_F(ServiceHoldTest, ARefusalIsOneSign) {
  fake_.FailWith("/v1/agent/service/a", 403);
  hold_->Set("a");
  EXPECT_TRUE(RunUntil(loop_, [this] { return fake_.requests("/v1/agent/service/a") > 2; }));
  EXPECT_EQ(signs_, 1);
}

TEST_F(ServiceHoldTest, AnotherServiceIsHeldInstead) {
  ASSERT_TRUE(Held("a"));
  const int asked = fake_.requests("/v1/agent/service/a");
  ASSERT_TRUE(Held("a"));
  EXPECT_EQ(fake_.requests("/v1/agent/service/a"), asked) << "the same one is not asked for again";
  hold_->Set("b");
  ASSERT_TRUE(RunUntil(loop_, [this] { return fake_.requests("/v1/agent/service/b") == 2 && Held(); }));
  fake_.Remove("a");
  RunTurns(loop_, 20);
  EXPECT_EQ(signs_, 0);
  hold_->Set("");
  EXPECT_TRUE(RunUntil(loop_, [this] { return fake_.blocked() == 0; }));
  fake_.Stop();
  RunTurns(loop_, 20);
  EXPECT_EQ(signs_, 0);
}

TEST_F(ServiceHoldTest, ManyChangesOfMindLeaveNoDebt) {
  // 300 services go, one after the other: at four requests a second that must not be 75 s without a hold.
  for (int change = 0; change < 300; ++change) {
    hold_->Set(change % 2 == 0 ? "b" : "gone");
    if (change % 3 == 0) RunTurns(loop_, 1);
  }
  EXPECT_LE(fake_.requests("/v1/agent/service/"), 9) << "and yet no flood";
  hold_->Set("a");
  EXPECT_TRUE(RunUntil(
      loop_, [this] { return fake_.requests("/v1/agent/service/a") == 2 && Held(); }, Millis(3000)));
}

TEST_F(ServiceHoldTest, RepliesThatDoNotWaitMakeNoBusyLoop) {
  // An agent that ignores the hash: every answer comes at once. A second has room for the burst of four and four more.
  fake_.Pretend("/v1/agent/service/a", "{}");
  hold_->Set("a");
  net::Timer second(loop_, [this] { loop_.Stop(); });
  second.Start(Millis(1000));
  loop_.Run();
  EXPECT_GE(fake_.requests("/v1/agent/service/a"), 1);
  EXPECT_LE(fake_.requests("/v1/agent/service/a"), 9);
}

}  // namespace
}  // namespace signpost::registrar
