// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/own_services.h"

#include <gtest/gtest.h>

#include "tests/support/consul/fake_consul.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/feed/recording_sink.h"

namespace signpost::feed {
namespace {

class OwnServicesTest : public ::testing::Test {
 protected:
  OwnServicesTest() {
    context_.fetcher = &fetcher_;
    context_.watches = &watches_;
    context_.confirm = [](const std::string&, Doubt) {};
    context_.bad_body = [](const catalog::Key&, const Status&) {};
    context_.distrust = false;
  }

  static consul::AgentReply List(uint64_t index, const std::string& body) {
    consul::AgentReply reply;
    reply.index = index;
    reply.body = body;
    return reply;
  }
  void TimeOut(int times) {
    consul::AgentReply reply;
    reply.error = consul::AgentError::kTimeout;
    for (int i = 0; i < times; ++i) own_.OnFetched({catalog::Kind::kService, "dc1", "consul"}, reply);
  }

  net::Loop loop_;
  test::FakeConsul fake_{loop_};
  RecordingSink sink_;
  consul::AgentClient client_{loop_, {.url = fake_.url()}};
  FeedContext context_{.loop = loop_, .sink = sink_, .datacenter = "dc1"};
  Fetcher fetcher_{loop_,
                   client_,
                   {.max_in_flight = 1, .max_urgent = 1},
                   {[](const auto&, const auto&) {}, [] { return std::nullopt; }}};
  KeyWatches watches_{loop_, client_, {}, {[](const auto&, const auto&) { return Status::Ok(); }, {}}};
  OwnServices own_{context_};
};

TEST_F(OwnServicesTest, AServiceThatAlwaysTimesOutDoesNotHoldUpTheOthers) {
  ASSERT_TRUE(own_.OnServiceList(List(7, R"({"consul":[]})"), std::nullopt).ok());
  context_.NoteContact(true);
  TimeOut(2);
  EXPECT_FALSE(own_.loaded());
  TimeOut(3);
  EXPECT_TRUE(own_.loaded());
}

TEST_F(OwnServicesTest, TheFirstListIsFetchedThoughTooManyClientsWait) {
  own_.Want("web");
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return fake_.requests("/v1/health/service/web") == 1; }));
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return fetcher_.in_flight() == 0; }));
  own_.Want("other");
  own_.Want("another");
  own_.Want("refused");
  EXPECT_TRUE(sink_.unavailable.contains({catalog::Kind::kService, "dc1", "refused"}));
  ASSERT_TRUE(own_.OnServiceList(List(7, R"({"consul":[],"web":[]})"), std::nullopt).ok());
  EXPECT_TRUE(test::RunUntil(loop_, [&] { return fake_.requests("/v1/health/service/web") == 2; }));
}

TEST_F(OwnServicesTest, NothingCountsAsLoadedWhileTheAgentIsAway) {
  ASSERT_TRUE(own_.OnServiceList(List(7, R"({"consul":[]})"), std::nullopt).ok());
  context_.NoteContact(false);
  TimeOut(20);
  EXPECT_FALSE(own_.loaded());
}

TEST_F(OwnServicesTest, AConfirmedListThatANewerOneOvertookChangesNothing) {
  const Millis sent = loop_.Now() - Millis(1);
  ASSERT_TRUE(own_.OnServiceList(List(7, R"({"consul":[],"web":[]})"), std::nullopt).ok());
  ASSERT_TRUE(own_.OnServiceList(List(6, R"({"consul":[]})"), sent).ok());
  EXPECT_EQ(own_.known(), 2U);
  ASSERT_TRUE(own_.OnServiceList(List(6, R"({"consul":[]})"), loop_.Now()).ok());
  EXPECT_EQ(own_.known(), 1U) << "a newer word of a Consul that began anew";
}

}  // namespace
}  // namespace signpost::feed
