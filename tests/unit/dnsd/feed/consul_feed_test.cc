// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/consul_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/feed/consul_feed_fixture.h"

namespace signpost::feed {
namespace {

using catalog::Freshness;
using ::testing::ElementsAre;

TEST_F(ConsulFeedTest, LoadsEverythingThenIsFresh) {
  std::string datacenter;
  options_.on_datacenter = [&](const std::string& name) { datacenter = name; };
  StartFresh();
  EXPECT_THAT(sink_.freshness, ElementsAre(Freshness::kStarting, Freshness::kFresh));
  EXPECT_EQ(datacenter, "dc1");
  EXPECT_THAT(sink_.names, ElementsAre("consul", "db", "web"));
  EXPECT_EQ(sink_.Ports(Own("web")), "80 81");
  EXPECT_EQ(sink_.Ports(Own("db")), "5432");
  EXPECT_EQ(sink_.nodes.size(), 2U);
  EXPECT_EQ(sink_.nodes[Own("srv1", Kind::kNode)]->address, "127.0.0.1");
  EXPECT_THAT(sink_.datacenters, ElementsAre("dc1"));
  EXPECT_GT(sink_.index, 100U);
  EXPECT_EQ(feed_->status().services, 3U);
}

TEST_F(ConsulFeedTest, AWatchedNameFollowsEveryChange) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  fake_.Put({.id = "web-3", .service = "web", .port = 82});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("web")) == "80 81 82"; }));
  fake_.Put({.id = "web-3", .service = "web", .port = 82, .status = "critical"});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("web")) == "80 81"; }));
  fake_.Remove("web-3");
  ASSERT_TRUE(Until([&] { return sink_.services[Own("web")]->instances.size() == 2; }));
}

TEST_F(ConsulFeedTest, UnwatchedNamesFollowTheGlobalWatches) {
  StartFresh();
  Quiet(3);
  fake_.Put({.id = "db-1", .service = "db", .node = "n2", .port = 5432, .status = "critical"});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("db")).empty(); })) << "a health flip";
  fake_.Put({.id = "db-2", .service = "db", .node = "n2", .port = 5433});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("db")) == "5433"; })) << "a new instance";
  fake_.PutNode("n2", "10.9.9.9");
  ASSERT_TRUE(Until([&] { return sink_.services[Own("db")]->instances[0].node->address == "10.9.9.9"; })) << "a node";
  fake_.Put({.id = "new-1", .service = "new", .port = 7});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("new")) == "7"; })) << "a new name";
  fake_.Remove("new-1");
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("new")) == "absent"; })) << "a vanished name";
}

TEST_F(ConsulFeedTest, TheLastInstanceOfAWatchedNameGoes) {
  StartFresh();
  feed_->Want(Own("db"));
  Quiet(4);
  fake_.Remove("db-1");
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("db")) == "absent"; }));
  Quiet(3);
  feed_->Want(Own("db"));
  EXPECT_EQ(sink_.Ports(Own("db")), "absent");
}

TEST_F(ConsulFeedTest, UnchangedContentIsNotPublishedAgain) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  const int told = sink_.told[Own("web")];
  fake_.Put({.id = "web-1", .service = "Web", .port = 80});
  fake_.Put({.id = "other", .service = "other"});
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("other")) == "80"; }));
  Quiet(4);
  EXPECT_EQ(sink_.told[Own("web")], told);
}

TEST_F(ConsulFeedTest, AnUnknownNameIsAnsweredAtOnce) {
  StartFresh();
  const int requests = fake_.requests("/v1/health/service/");
  feed_->Want(Own("nothing"));
  EXPECT_EQ(sink_.Ports(Own("nothing")), "absent");
  feed_->Want(Own("srv1", Kind::kNode));
  feed_->Want(Own("nonode", Kind::kNode));
  EXPECT_EQ(sink_.nodes[Own("nonode", Kind::kNode)], nullptr);
  test::RunTurns(loop_);
  EXPECT_EQ(fake_.requests("/v1/health/service/"), requests);
}

TEST_F(ConsulFeedTest, AWantBeforeTheListIsAnsweredWithIt) {
  options_.datacenter = "dc1";
  Start();
  feed_->Want(Own("db"));
  feed_->Want(Own("nothing"));
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("nothing")) == "absent" && sink_.Ports(Own("db")) == "5432"; }));
}

TEST_F(ConsulFeedTest, KeepsEverythingWhileConsulIsAwayAndComesBackQuickly) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  fake_.Stop();
  ASSERT_TRUE(Until([&] { return sink_.Stale(); }));
  EXPECT_EQ(sink_.Ports(Own("web")), "80 81");
  ASSERT_TRUE(Until([&] { return feed_->status().errors[static_cast<size_t>(consul::AgentError::kConnect)] > 8; }));
  feed_->Want(There("far"));
  ASSERT_TRUE(Until([&] { return sink_.unavailable.contains(There("far")); }));
  fake_.Put({.id = "web-3", .service = "web", .port = 82});
  fake_.Start();
  ASSERT_TRUE(Until([&] { return sink_.Fresh() && sink_.Ports(Own("web")) == "80 81 82"; }, Millis(2500)));
  for (const auto& [key, service] : sink_.services) EXPECT_NE(service, nullptr) << key.name;
}

TEST_F(ConsulFeedTest, ARestartWithAnEmptyStateIsNews) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  fake_.Stop();
  ASSERT_TRUE(Until([&] { return sink_.Stale(); }));
  fake_.Reset();
  fake_.Start();
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("web")) == "absent" && sink_.Ports(Own("db")) == "absent"; }));
  ASSERT_TRUE(Until([&] { return sink_.Fresh(); }));
  EXPECT_EQ(sink_.nodes[Own("n2", Kind::kNode)], nullptr);
  EXPECT_LT(sink_.index, 100U);
}

TEST_F(ConsulFeedTest, ConsulReplayingItsLogIsNotNews) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  fake_.Stop();
  ASSERT_TRUE(Until([&] { return sink_.Stale(); }));
  fake_.Replay(true);
  fake_.Start();
  ASSERT_TRUE(Until([&] { return fake_.requests("/v1/catalog/services?consistent") >= 2; }));
  test::RunTurns(loop_, 20);
  EXPECT_TRUE(sink_.Stale());
  for (const auto& [key, service] : sink_.services) EXPECT_NE(service, nullptr) << key.name;
  for (const auto& [key, node] : sink_.nodes) EXPECT_NE(node, nullptr) << key.name;
  fake_.Replay(false);
  ASSERT_TRUE(Until([&] { return sink_.Fresh(); }));
  EXPECT_EQ(sink_.Ports(Own("web")), "80 81");
}

TEST_F(ConsulFeedTest, TheFirstListMustBeWhole) {
  fake_.Replay(true);
  Start();
  feed_->Want(Own("web", Kind::kConnect));
  ASSERT_TRUE(Until([&] { return fake_.requests("/v1/catalog/services?consistent") >= 2; }));
  EXPECT_THAT(sink_.freshness, ElementsAre(Freshness::kStarting));
  EXPECT_TRUE(sink_.names.empty());
  fake_.Replay(false);
  ASSERT_TRUE(Until([&] { return sink_.Fresh(); }));
  EXPECT_THAT(sink_.names, ElementsAre("consul", "db", "web"));
  EXPECT_EQ(sink_.nodes.size(), 2U);
}

TEST_F(ConsulFeedTest, LostRightsChangeNothing) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  fake_.LoseRights(true);
  ASSERT_TRUE(Until([&] { return sink_.Stale() && feed_->status().guard_tripped; }));
  fake_.Put({.id = "web-3", .service = "web", .port = 82});
  ASSERT_TRUE(Until([&] { return feed_->status().suspicious >= 3; }));
  feed_->Want(There("far"));
  for (const auto& [key, service] : sink_.services) EXPECT_NE(service, nullptr) << key.name;
  for (const auto& [key, node] : sink_.nodes) EXPECT_NE(node, nullptr) << key.name;
  EXPECT_EQ(sink_.Ports(Own("web")), "80 81");
  EXPECT_THAT(feed_->status().trouble, ::testing::HasSubstr("rights"));
  fake_.LoseRights(false);
  ASSERT_TRUE(Until([&] { return sink_.Fresh() && sink_.Ports(Own("web")) == "80 81 82"; }));
}

TEST_F(ConsulFeedTest, AnEmptyReplyAloneIsNotBelieved) {
  StartFresh();
  feed_->Want(Own("web"));
  Quiet(4);
  fake_.FailWith("/v1/catalog", 500);
  ASSERT_TRUE(Until([&] { return sink_.Stale(); }));
  fake_.LoseRights(true);
  ASSERT_TRUE(Until([&] { return feed_->status().suspicious >= 1; }));
  test::RunTurns(loop_, 50);
  EXPECT_EQ(sink_.Ports(Own("web")), "80 81");
}

TEST_F(ConsulFeedTest, StartsWithoutRightsWithoutAnyAnswer) {
  fake_.LoseRights(true);
  Start();
  ASSERT_TRUE(Until([&] { return feed_->status().guard_tripped; }));
  feed_->Want(Own("web"));
  test::RunTurns(loop_, 20);
  EXPECT_EQ(sink_.Ports(Own("web")), "unknown");
  EXPECT_THAT(sink_.freshness, ElementsAre(Freshness::kStarting));
}

TEST_F(ConsulFeedTest, DataExpiresAfterMaxStale) {
  options_.max_stale = std::chrono::hours(1);
  StartFresh();
  fake_.Stop();
  ASSERT_TRUE(Until([&] { return sink_.Stale(); }));
  clock_.moved = std::chrono::hours(2);
  ASSERT_TRUE(Until([&] { return sink_.freshness.back() == Freshness::kExpired; }));
}

TEST_F(ConsulFeedTest, NeverMoreConnectionsThanItMay) {
  options_.max_watches = 1000;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "s" + std::to_string(i);
    fake_.Put({.id = name, .service = name});
  }
  StartFresh();
  for (int i = 0; i < 200; ++i) feed_->Want(Own("s" + std::to_string(i)));
  Quiet(136);
  EXPECT_LE(fake_.max_connections(), 150U);
  EXPECT_GE(fake_.max_connections(), 136U);
}

TEST_F(ConsulFeedTest, OtherDatacentersOnDemand) {
  fake_.PutNode("far1", "10.2.0.1", "dc2");
  fake_.Put({.id = "far-1", .service = "far", .node = "far1", .port = 90}, "dc2");
  StartFresh();
  feed_->Want(There("far"));
  feed_->Want(There("nothing"));
  feed_->Want(There("far1", Kind::kNode));
  feed_->Want(There("fa", Kind::kNode));
  feed_->Want({Kind::kService, "dc9", "far"});
  ASSERT_TRUE(Until([&] { return sink_.Ports(There("far")) == "90"; }));
  ASSERT_TRUE(Until([&] { return sink_.Ports(There("nothing")) == "absent"; }));
  ASSERT_TRUE(Until([&] { return sink_.unavailable.contains({Kind::kService, "dc9", "far"}); }));
  ASSERT_TRUE(Until([&] { return sink_.nodes.contains(There("fa", Kind::kNode)); }));
  EXPECT_EQ(sink_.nodes[There("fa", Kind::kNode)], nullptr);
  EXPECT_EQ(sink_.nodes[There("far1", Kind::kNode)]->address, "10.2.0.1");
  Quiet(5);
  fake_.Put({.id = "far-2", .service = "far", .node = "far1", .port = 91}, "dc2");
  ASSERT_TRUE(Until([&] { return sink_.Ports(There("far")) == "90 91"; }));
  EXPECT_TRUE(sink_.Fresh());
}

TEST_F(ConsulFeedTest, TheLastInstanceElsewhereGoesOnceConfirmed) {
  fake_.Put({.id = "consul", .service = "consul"}, "dc2");
  fake_.Put({.id = "far-1", .service = "far", .port = 90}, "dc2");
  StartFresh();
  feed_->Want(There("far"));
  ASSERT_TRUE(Until([&] { return sink_.Ports(There("far")) == "90"; }));
  Quiet(4);
  fake_.LoseRights(true);
  ASSERT_TRUE(Until([&] { return feed_->status().guard_tripped; }));
  test::RunTurns(loop_, 50);
  EXPECT_EQ(sink_.Ports(There("far")), "90");
  fake_.LoseRights(false);
  ASSERT_TRUE(Until([&] { return sink_.Fresh(); }));
  fake_.Remove("far-1", "dc2");
  ASSERT_TRUE(Until([&] { return sink_.Ports(There("far")) == "absent"; }));
}

TEST_F(ConsulFeedTest, ConnectNamesOnDemandForgottenWhenIdle) {
  options_.in_use = Millis(10);
  fake_.Put({.id = "web-9", .service = "web", .port = 99, .connect = true});
  StartFresh();
  feed_->Want(Own("web", Kind::kConnect));
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("web", Kind::kConnect)) == "99"; }));
  EXPECT_EQ(feed_->status().on_demand, 1U);
  EXPECT_EQ(feed_->status().watches, 4U);
  ASSERT_TRUE(Until([&] { return sink_.forgotten.contains(Own("web", Kind::kConnect)); }));
  EXPECT_EQ(feed_->status().on_demand, 0U);
  EXPECT_EQ(feed_->status().watches, 3U);
}

TEST_F(ConsulFeedTest, QueriesAreExecutedEachTime) {
  fake_.PutQuery("near one", {.service = "web", .ttl = "30s", .near = "_agent"});
  fake_.PutQuery("plain", {.service = "db"});
  StartFresh();
  feed_->Want(Own("near one", Kind::kQuery));
  feed_->Want(Own("plain", Kind::kQuery));
  feed_->Want(Own("missing", Kind::kQuery));
  ASSERT_TRUE(Until([&] { return sink_.services.contains(Own("near one", Kind::kQuery)); }));
  ASSERT_TRUE(Until([&] { return sink_.services.contains(Own("plain", Kind::kQuery)); }));
  ASSERT_TRUE(Until([&] { return sink_.Ports(Own("missing", Kind::kQuery)) == "absent"; }));
  const auto near = sink_.services[Own("near one", Kind::kQuery)];
  EXPECT_EQ(near->own_ttl, std::chrono::seconds(30));
  EXPECT_TRUE(near->keep_order);
  EXPECT_EQ(near->queried_service, "web");
  EXPECT_EQ(near->answering_datacenter, "dc1");
  const auto plain = sink_.services[Own("plain", Kind::kQuery)];
  EXPECT_FALSE(plain->keep_order);
  EXPECT_FALSE(plain->own_ttl.has_value());
  const int explained = fake_.requests("/v1/query/near one/explain");
  feed_->Want(Own("near one", Kind::kQuery));
  ASSERT_TRUE(Until([&] { return sink_.told[Own("near one", Kind::kQuery)] == 2; }));
  EXPECT_EQ(fake_.requests("/v1/query/near one/explain"), explained);
  fake_.FailWith("/v1/query", 500);
  feed_->Want(Own("plain", Kind::kQuery));
  ASSERT_TRUE(Until([&] { return sink_.unavailable.contains(Own("plain", Kind::kQuery)); }));
}

TEST_F(ConsulFeedTest, StartsFromASnapshotWhileConsulIsAway) {
  StartFresh();
  restored_ = feed_->Collect();
  ASSERT_TRUE(restored_.has_value());
  feed_.reset();
  sink_ = RecordingSink();
  fake_.Stop();
  Start();
  EXPECT_TRUE(sink_.Stale());
  EXPECT_EQ(sink_.Ports(Own("web")), "80 81");
  EXPECT_EQ(sink_.nodes.size(), 2U);
  fake_.Remove("db-1");
  fake_.Put({.id = "new-1", .service = "new", .port = 7});
  fake_.Start();
  ASSERT_TRUE(Until([&] { return sink_.Fresh(); }));
  EXPECT_EQ(sink_.Ports(Own("db")), "absent");
  EXPECT_EQ(sink_.Ports(Own("new")), "7");
  EXPECT_EQ(sink_.told[Own("web")], 1);
}

TEST_F(ConsulFeedTest, ASnapshotOfAnotherDatacenterIsDropped) {
  catalog::Snapshot snapshot;
  snapshot.datacenter = "elsewhere";
  auto old = std::make_shared<catalog::Service>();
  old->key = {Kind::kService, "elsewhere", "old"};
  snapshot.services = {old};
  restored_ = snapshot;
  std::vector<std::string> seen;
  options_.on_datacenter = [&](const std::string& name) { seen.push_back(name); };
  StartFresh();
  EXPECT_THAT(seen, ElementsAre("elsewhere", "dc1"));
  EXPECT_EQ(sink_.Ports(old->key), "absent");
  EXPECT_EQ(sink_.Ports(Own("db")), "5432");
}

TEST_F(ConsulFeedTest, LearnsTheDatacenterWithoutTheRightToAskTheAgent) {
  fake_.FailWith("/v1/agent", 403);
  StartFresh();
  EXPECT_EQ(feed_->status().datacenter, "dc1");
}

TEST_F(ConsulFeedTest, WritesMetricsByClass) {
  fake_.FailWith("/v1/health/state", 500);
  Start();
  ASSERT_TRUE(Until([&] { return feed_->status().errors[static_cast<size_t>(consul::AgentError::kServer)] > 0; }));
  MetricsText text;
  AppendMetrics(feed_->status(), text);
  EXPECT_THAT(text.Render(), ::testing::HasSubstr("signpost_consul_errors_total{class=\"server\"} 1"));
  EXPECT_FALSE(sink_.Fresh());
}

}  // namespace
}  // namespace signpost::feed
