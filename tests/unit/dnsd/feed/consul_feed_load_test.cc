// Signpost. Apache-2.0; see LICENSE.
// What the feed does when there is much of something, or when Consul is slow.
#include <gtest/gtest.h>

#include "tests/unit/dnsd/feed/consul_feed_fixture.h"

namespace signpost::feed {
namespace {

// Meanwhile the busy catalog brings one unconfirmed list after the other.
TEST_F(ConsulFeedTest, ASlowConfirmationIsWaitedFor) {
  fake_.DelayConsistent(Millis(1500));
  int changes = 0;
  net::Timer busy(loop_, [&] { fake_.Put({.id = "web-3", .service = "web", .port = 1000 + ++changes}); });
  busy.StartPeriodic(Millis(100));
  Start();
  ASSERT_TRUE(Until([&] { return sink_.Fresh(); }, Millis(4000)));
  EXPECT_LE(fake_.requests("/v1/catalog/services?consistent"), 2);
  EXPECT_GE(changes, 10);
}

TEST_F(ConsulFeedTest, WhatAConfirmationMissedIsNotTakenBack) {
  StartFresh();
  fake_.Put({.id = "consul", .service = "consul"}, "dc2");
  feed_->Want(Own("db"));
  Quiet(4);
  fake_.DelayConsistent(Millis(300));
  fake_.Remove("db-1");
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("db")) == "absent"; }));
  fake_.Put({.id = "db-1", .service = "db", .node = "n2", .port = 5432});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("db")) == "5432"; }));
  test::RunTurns(loop_, 700);
  EXPECT_EQ(sink_.Ports(Own("db")), "5432");
}

TEST_F(ConsulFeedTest, NamesInUseWithoutAWatchAreFetchedAtABoundedRate) {
  options_.max_watches = 1;
  options_.sweep_per_second = 1;
  for (int i = 0; i < 100; ++i) fake_.Put({.id = std::to_string(i), .service = "s" + std::to_string(i)});
  StartFresh();
  for (int i = 0; i < 100; ++i) feed_->Want(Own("s" + std::to_string(i)));
  Quiet(4);
  const int before = fake_.requests("/v1/health/service/");
  fake_.Put({.id = "new-1", .service = "new", .port = 7});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("new")) == "7"; }));
  test::RunTurns(loop_, 300);
  const int fetched = fake_.requests("/v1/health/service/") - before;
  EXPECT_GE(fetched, 10) << "the burst";
  EXPECT_LE(fetched, 25);
}

TEST_F(ConsulFeedTest, NamesThatCouldNotBeFetchedAreForgottenToo) {
  options_.in_use = Millis(10);
  StartFresh();
  feed_->Want({Kind::kService, "dc9", "far"});
  ASSERT_TRUE(Until([&] { return sink_.unavailable.contains({Kind::kService, "dc9", "far"}); }));
  ASSERT_TRUE(Until([&] { return sink_.forgotten.contains({Kind::kService, "dc9", "far"}); }));
  EXPECT_EQ(feed_->status().on_demand, 0U);
}

TEST_F(ConsulFeedTest, WhoeverHasNoWatchElsewhereIsFetchedAgain) {
  options_.max_watches = 1;
  fake_.Put({.id = "far-1", .service = "far", .port = 90}, "dc2");
  fake_.Put({.id = "off-1", .service = "off", .port = 70}, "dc2");
  StartFresh();
  feed_->Want(There("far"));
  feed_->Want(There("off"));
  ASSERT_TRUE(Until([&] { return sink_.Ports(There("far")) == "90" && sink_.Ports(There("off")) == "70"; }));
  fake_.Put({.id = "far-1", .service = "far", .port = 91}, "dc2");
  fake_.Put({.id = "off-1", .service = "off", .port = 71}, "dc2");
  ASSERT_TRUE(
      Until([&] { return sink_.Ports(There("far")) == "91" && sink_.Ports(There("off")) == "71"; }, Millis(14000)));
}

TEST_F(ConsulFeedTest, ManyQueriesAtOnceAreAllExplained) {
  for (int i = 0; i < 20; ++i) fake_.PutQuery("q" + std::to_string(i), {.service = "web", .near = "_agent"});
  StartFresh();
  for (int i = 0; i < 20; ++i) feed_->Want(Own("q" + std::to_string(i), Kind::kQuery));
  for (int i = 0; i < 20; ++i) {
    const Key key = Own("q" + std::to_string(i), Kind::kQuery);
    ASSERT_TRUE(Until([&] { return sink_.services.contains(key); })) << i;
    EXPECT_TRUE(sink_.services[key]->keep_order);
  }
}

TEST_F(ConsulFeedTest, QueriesBeyondTheRoomAreForgotten) {
  options_.max_on_demand = 2;
  for (int i = 0; i < 4; ++i) fake_.PutQuery("q" + std::to_string(i), {.service = "web"});
  StartFresh();
  for (int i = 0; i < 4; ++i) feed_->Want(Own("q" + std::to_string(i), Kind::kQuery));
  EXPECT_TRUE(sink_.unavailable.contains(Own("q3", Kind::kQuery))) << "all others are being executed";
  ASSERT_TRUE(Until([&] { return sink_.forgotten.contains(Own("q3", Kind::kQuery)); }));
  feed_->Want(Own("q3", Kind::kQuery));
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("q3", Kind::kQuery)) == "80 81"; })) << "the oldest made room";
}

}  // namespace
}  // namespace signpost::feed
