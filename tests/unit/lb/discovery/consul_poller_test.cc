// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_poller.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/support/consul/fake_consul.h"
#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

class ConsulPollerTest : public ::testing::Test {
 protected:
  ConsulPollerTest() {
    consul::AgentOptions options;
    options.url = fake_.url();
    client_ = std::make_unique<consul::AgentClient>(loop_, options);
    poller_ = std::make_unique<ConsulPoller>(
        loop_, *client_, ConsulPoller::Options{2, Millis(1), Millis(10)},
        ConsulPoller::Callbacks{[this](const std::string& name, const consul::AgentReply&) { ++read_[name]; },
                                [this](const std::string& name, consul::AgentError error, const std::string&) {
                                  failed_.insert(name);
                                  ++failures_;
                                  error_ = error;
                                }});
  }
  ::testing::AssertionResult Until(const std::function<bool()>& done) { return test::RunUntil(loop_, done); }

  net::Loop loop_;
  test::FakeConsul fake_{loop_};
  std::unique_ptr<consul::AgentClient> client_;
  std::map<std::string, int> read_;
  int failures_ = 0;
  std::set<std::string> failed_;
  consul::AgentError error_ = consul::AgentError::kNone;
  std::unique_ptr<ConsulPoller> poller_;
};

TEST_F(ConsulPollerTest, ReadsAllInTurn) {
  for (const char* name : {"a", "b", "c d"}) poller_->Add(name);
  ASSERT_TRUE(Until([&] { return read_["a"] >= 5 && read_["b"] >= 5 && read_["c d"] >= 5; }));
  EXPECT_LE(read_["a"] - read_["c d"], 2);
  EXPECT_EQ(failures_, 0);
}

TEST_F(ConsulPollerTest, ARemovedNameIsReadNoMore) {
  poller_->Add("a");
  poller_->Add("b");
  ASSERT_TRUE(Until([&] { return read_["a"] >= 2; }));
  poller_->Remove("a");
  const int before = read_["a"];
  const int of_b = read_["b"];
  ASSERT_TRUE(Until([&] { return read_["b"] >= of_b + 5; }));
  EXPECT_EQ(read_["a"], before);
  poller_->Remove("b");
  EXPECT_EQ(poller_->size(), 0U);
}

TEST_F(ConsulPollerTest, TellsOfFailuresAndTriesAgain) {
  fake_.FailWith("/v1/health", 500);
  poller_->Add("a");
  ASSERT_TRUE(Until([&] { return failures_ >= 2; }));
  EXPECT_EQ(error_, consul::AgentError::kServer);
  fake_.FailWith("/v1/health", 200);
  ASSERT_TRUE(Until([&] { return read_["a"] >= 1; }));
  fake_.LoseLeader(true);
  ASSERT_TRUE(Until([&] { return error_ == consul::AgentError::kNoLeader; }));
}

TEST_F(ConsulPollerTest, WhatIsRefusedAloneStopsNobodyElse) {
  fake_.FailWith("/v1/health/service/b", 403);
  for (const char* name : {"a", "b", "c"}) poller_->Add(name);
  ASSERT_TRUE(Until([&] { return read_["a"] >= 3 && read_["c"] >= 3 && failures_ >= 3; }));
  EXPECT_EQ(failed_, std::set<std::string>{"b"});
  EXPECT_EQ(read_["b"], 0);
}

}  // namespace
}  // namespace signpost::lb
