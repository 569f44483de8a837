// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/watch.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "tests/support/consul/fake_consul.h"
#include "tests/support/run_loop.h"

namespace signpost::consul {
namespace {

using test::FakeConsul;
using test::RunUntil;

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() {
    fake_.Put({.id = "web-1", .service = "web"});
    AgentOptions options;
    options.url = fake_.url();
    client_ = std::make_unique<AgentClient>(loop_, options);
  }

  void Begin(const std::string& path = "/v1/health/service/web") {
    WatchOptions options;
    options.path = path;
    options.wait = wait_;
    options.missing_is_empty = missing_is_empty_;
    options.max_last_contact = max_last_contact_;
    watch_ = std::make_unique<Watch>(loop_, *client_, options,
                                     Watch::Events{[this](const AgentReply& reply, Watch::News news) {
                                                     ++replies_;
                                                     if (news.changed) {
                                                       ++changes_;
                                                       body_ = reply.body;
                                                     }
                                                     if (destroy_) watch_ = nullptr;
                                                     return verdict_;
                                                   },
                                                   [this](AgentError error, const std::string& text) {
                                                     ++failures_;
                                                     error_ = error;
                                                     text_ = text;
                                                   }});
  }
  bool Blocked() const { return fake_.blocked() == 1; }

  net::Loop loop_;
  FakeConsul fake_{loop_};
  Millis wait_{60000};
  bool missing_is_empty_ = false;
  Millis max_last_contact_ = kMaxLastContact;
  std::unique_ptr<AgentClient> client_;
  std::unique_ptr<Watch> watch_;
  int replies_ = 0;
  int changes_ = 0;
  int failures_ = 0;
  AgentError error_ = AgentError::kNone;
  std::string text_;
  std::string body_;
  Status verdict_;
  bool destroy_ = false;
};

TEST_F(WatchTest, AnswersAtOnceThenOnEveryChange) {
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 1 && Blocked(); }));
  fake_.Put({.id = "web-1", .service = "web", .port = 81});
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 2 && Blocked(); }));
  EXPECT_NE(body_.find("\"Port\":81"), std::string::npos);
  EXPECT_EQ(failures_, 0);
}

TEST_F(WatchTest, ATimeoutIsNoNews) {
  wait_ = Millis(20);
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return replies_ >= 3; }));
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(failures_, 0);
}

TEST_F(WatchTest, NeverAsksFasterThanItsRate) {
  wait_ = Millis(0);
  Begin();
  const Millis start = loop_.Now();
  ASSERT_TRUE(RunUntil(loop_, [&] { return replies_ >= 15; }));
  EXPECT_GE(loop_.Now() - start, Millis(200));  // 10 at once, then 50 ms each
}

TEST_F(WatchTest, KeepsQuietDataThroughErrorsAndComesBack) {
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 1 && Blocked(); }));
  fake_.FailWith("/v1/health", 500);
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_ >= 2; }));
  EXPECT_EQ(error_, AgentError::kServer);
  EXPECT_TRUE(watch_->failing());
  fake_.FailWith("/v1/health", 200);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Blocked(); }));
  EXPECT_FALSE(watch_->failing());
  EXPECT_EQ(changes_, 1);
}

TEST_F(WatchTest, SurvivesARestartWithALowerIndex) {
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 1 && Blocked(); }));
  fake_.Stop();
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_ >= 1; }));
  EXPECT_EQ(error_, AgentError::kConnect);
  fake_.Reset();
  fake_.Put({.id = "web-2", .service = "web"});
  fake_.Start();
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 2 && Blocked(); }));
  EXPECT_NE(body_.find("web-2"), std::string::npos);
}

TEST_F(WatchTest, DoesNotBelieveAnAgentWithoutLeader) {
  fake_.LoseLeader(true);
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_ >= 1; }));
  EXPECT_EQ(error_, AgentError::kNoLeader);
  EXPECT_EQ(text_, "no cluster leader");
  EXPECT_EQ(replies_, 0);
}

TEST_F(WatchTest, StalenessIsBoundedByTheOptions) {
  fake_.SetLastContact(Millis(60000));
  max_last_contact_ = Millis(60000);
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 1; }));
  max_last_contact_ = Millis(59999);
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_ == 1; }));
  EXPECT_EQ(error_, AgentError::kNoLeader);
}

TEST_F(WatchTest, WhatIsNotThereMayBeAwaited) {
  missing_is_empty_ = true;
  Begin("/v1/kv/a");
  ASSERT_TRUE(RunUntil(loop_, [&] { return replies_ == 1 && Blocked(); }));
  EXPECT_EQ(body_, "");
  fake_.PutKey("a", "x");
  ASSERT_TRUE(RunUntil(loop_, [&] { return changes_ == 2; }));
  EXPECT_NE(body_.find("\"Key\":\"a\""), std::string::npos) << body_;
  EXPECT_EQ(failures_, 0);
}

TEST_F(WatchTest, WhatIsNotThereIsOtherwiseAFailure) {
  Begin("/v1/kv/a");
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_ == 1; }));
  EXPECT_EQ(error_, AgentError::kNotFound);
}

TEST_F(WatchTest, ABodyThatItsReaderRefusesIsRetried) {
  verdict_ = Status::Invalid("nonsense");
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_ >= 2; }));
  EXPECT_EQ(error_, AgentError::kBadReply);
  EXPECT_EQ(client_->counters().errors[static_cast<size_t>(AgentError::kBadReply)].value(), 2U);
}

TEST_F(WatchTest, RestartAsksWithoutAnIndex) {
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Blocked(); }));
  std::string query;
  fake_.OnRequest([&](const std::string&, const std::string& q) {
    if (query.empty()) query = q;
  });
  watch_->Restart(Millis(0));
  ASSERT_TRUE(RunUntil(loop_, [&] { return replies_ == 2 && Blocked(); }));
  EXPECT_EQ(query.find("index="), std::string::npos) << query;
}

TEST_F(WatchTest, MayBeDestroyedByItsOwnCallback) {
  destroy_ = true;
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return replies_ == 1; }));
  test::RunTurns(loop_);
  EXPECT_EQ(watch_, nullptr);
  EXPECT_EQ(replies_, 1);
}

}  // namespace
}  // namespace signpost::consul
