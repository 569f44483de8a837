// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;

class ConsulFollowerTest : public ::testing::Test {
 protected:
  ConsulFollowerTest() { follower_.SetListed({true, false, {"http"}}); }

  static FollowRules Rules() {
    FollowRules rules;
    rules.loss.hold_empty = Millis(1000);
    rules.loss.ask_again = Millis(1000);
    rules.loss.empty_answers = 2;
    rules.loss.confirm_loss = Millis(5000);
    return rules;
  }

  static std::string Entry(int number, const std::string& status) {
    const std::string id = "web-" + std::to_string(number);
    return R"({"Node":{"Node":"n1","Address":"192.0.2.)" + std::to_string(number) + R"("},"Service":{"ID":")" + id +
           R"(","Service":"web","Port":80,"Tags":["http"],"Weights":{"Passing":10,"Warning":1},"CreateIndex":5},)" +
           R"("Checks":[{"CheckID":"c","Status":")" + status + R"(","ServiceID":")" + id + R"("}]})";
  }
  // "1 2!" = web-1 passing, web-2 critical.
  static std::string Body(const std::string& what) {
    std::string body;
    for (size_t i = 0; i < what.size(); ++i) {
      if (what[i] < '0' || what[i] > '9') continue;
      const bool critical = i + 1 < what.size() && what[i + 1] == '!';
      body += (body.empty() ? "" : ",") + Entry(what[i] - '0', critical ? "critical" : "passing");
    }
    return "[" + body + "]";
  }
  void Read(double at, const std::string& what, bool believe_empty = true) {
    consul::AgentReply reply;
    reply.body = Body(what);
    reply.filtered = filtered_;
    reply.last_contact = last_contact_;
    EXPECT_TRUE(follower_.Read(reply, nodes_, Millis(static_cast<int64_t>(at * 1000)), believe_empty).ok());
  }
  // Last digits of the addresses with the state: "known 1 2". "-" when there is nothing new.
  std::string News() {
    const auto service = follower_.TakeNews();
    if (!service) return "-";
    constexpr const char* kStates[] = {"known", "held", "empty", "absent"};
    std::string text = kStates[static_cast<size_t>(service->state)];
    for (const Instance& instance : service->instances) text += " " + std::to_string(instance.address.ip()[3]);
    return text;
  }

  FollowRules rules_ = Rules();
  consul::NodeTable nodes_;
  ConsulFollower follower_{"web", rules_};
  bool filtered_ = false;
  Millis last_contact_{0};
};

TEST_F(ConsulFollowerTest, TellsEachChangeOnce) {
  EXPECT_EQ(News(), "-");
  Read(0, "1 2");
  const auto service = follower_.TakeNews();
  EXPECT_EQ(service->name, "web");
  EXPECT_THAT(service->tags, ElementsAre("http"));
  EXPECT_EQ(service->create_index, 5U);
  EXPECT_EQ(service->instances[0].weight, 10U);
  EXPECT_EQ(News(), "-");
  Read(1, "1 2");
  EXPECT_EQ(News(), "-");
  Read(2, "1 2 3");
  EXPECT_EQ(News(), "known 1 2 3");
  follower_.SetPolicy("{}");
  EXPECT_EQ(follower_.TakeNews()->policy, "{}");
}

TEST_F(ConsulFollowerTest, ChecksAreBelievedAtOnceC03) {
  Read(0, "1 2 3 4 5");
  News();
  Read(1, "1 2! 3! 4! 5!");
  EXPECT_EQ(News(), "known 1") << "most instances fail their checks: no loss, they are registered";
  Read(2, "1! 2! 3! 4! 5!");
  EXPECT_EQ(News(), "empty");
  EXPECT_FALSE(follower_.gone());
  EXPECT_FALSE(follower_.empty_in_doubt());
  Read(3, "1 2! 3! 4! 5!");
  EXPECT_EQ(News(), "known 1");
}

TEST_F(ConsulFollowerTest, EmptinessIsConfirmedOnce) {
  Read(0, "1 2");
  News();
  Read(10, "");
  EXPECT_EQ(News(), "held 1 2");
  EXPECT_TRUE(follower_.empty_in_doubt());
  EXPECT_EQ(follower_.again(), Millis(1000));
  Read(11, "");
  EXPECT_EQ(News(), "empty");
  EXPECT_FALSE(follower_.empty_in_doubt());
  EXPECT_EQ(follower_.again(), Millis(0));
  EXPECT_FALSE(follower_.gone()) << "the list has it still";
  follower_.SetListed({false, false, {}});
  EXPECT_TRUE(follower_.gone());
}

TEST_F(ConsulFollowerTest, EmptinessThatTheListDoesNotConfirmIsNotBelieved) {
  Read(0, "1 2");
  News();
  Read(10, "");
  for (int second = 11; second < 100; ++second) Read(second, "", false);
  EXPECT_EQ(News(), "held 1 2");
  EXPECT_TRUE(follower_.empty_in_doubt());
  EXPECT_EQ(follower_.again(), Millis(1000));
}

TEST_F(ConsulFollowerTest, WhatTheTokenMayNotSeeIsNotEmptyC22) {
  Read(0, "1 2");
  News();
  filtered_ = true;
  for (int second = 10; second < 20; ++second) Read(second, "");
  EXPECT_EQ(News(), "held 1 2");
  EXPECT_GT(follower_.again(), Millis(0));
}

TEST_F(ConsulFollowerTest, MassLossIsConfirmed) {
  Read(0, "1 2 3 4 5");
  News();
  Read(10, "1 9");
  EXPECT_EQ(News(), "held 1 2 3 4 5 9") << "additions at once";
  EXPECT_EQ(follower_.again(), Millis(5000));
  Read(15, "1 9");
  EXPECT_EQ(News(), "known 1 9");
  EXPECT_EQ(follower_.again(), Millis(0));
}

TEST_F(ConsulFollowerTest, AStaleReplyOnlyAddsC24) {
  Read(0, "1 2");
  News();
  last_contact_ = Millis(60000);
  Read(10, "1 3");
  EXPECT_EQ(News(), "held 1 2 3");
  EXPECT_GT(follower_.again(), Millis(0));
  last_contact_ = Millis(0);
  Read(20, "1 3");
  EXPECT_EQ(News(), "known 1 3");
}

TEST_F(ConsulFollowerTest, AStaleReplyTakesNothingOutC24) {
  Read(0, "1 2! 3");
  News();
  last_contact_ = Millis(60000);
  Read(10, "1! 2 3!");
  EXPECT_EQ(News(), "held 1 2 3") << "that checks fail is as old as the rest; that one passes again may be used";
  Read(20, "1! 2! 3!");
  EXPECT_EQ(News(), "-");
  last_contact_ = Millis(0);
  Read(30, "1! 2 3!");
  EXPECT_EQ(News(), "known 2");
}

TEST_F(ConsulFollowerTest, WhatIsNotRegisteredHasNoIndex) {
  Read(0, "1!");
  EXPECT_EQ(follower_.TakeNews()->create_index, 5U);
  Read(1, "");
  Read(2, "");
  EXPECT_EQ(follower_.TakeNews()->create_index, 0U);
}

TEST_F(ConsulFollowerTest, FailuresKeepEverythingC19C21) {
  follower_.Failed("no cluster leader", Millis(0));
  EXPECT_EQ(News(), "-") << "nothing is known yet";
  Read(1, "1 2");
  News();
  follower_.Failed("no cluster leader", Millis(600000));
  const auto service = follower_.TakeNews();
  EXPECT_EQ(service->state, ServiceState::kHeld);
  EXPECT_EQ(service->reason, "no cluster leader");
  EXPECT_EQ(service->instances.size(), 2U);
  EXPECT_TRUE(follower_.doubtful());
  Read(601, "1 2");
  EXPECT_EQ(News(), "known 1 2");
}

TEST_F(ConsulFollowerTest, WhatCannotBeReadChangesNothing) {
  Read(0, "1");
  News();
  consul::AgentReply reply;
  reply.body = "[{";
  EXPECT_EQ(follower_.Read(reply, nodes_, Millis(1000)).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(News(), "-");
}

TEST_F(ConsulFollowerTest, SaysWhatItSkips) {
  consul::AgentReply reply;
  reply.body = R"([{"Node":{"Node":"n","Address":"host.example"},"Service":{"ID":"a","Service":"web","Port":1}},)"
               R"({"Node":{"Node":"n","Address":"192.0.2.1"},"Service":{"ID":"b","Service":"web"}}])";
  EXPECT_TRUE(follower_.Read(reply, nodes_, Millis(0)).ok());
  EXPECT_EQ(follower_.skipped(), "a has no IP address (and 1 more)");
  EXPECT_EQ(News(), "empty");
  EXPECT_FALSE(follower_.gone());
}

}  // namespace
}  // namespace signpost::lb
