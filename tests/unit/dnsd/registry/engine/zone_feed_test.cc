// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/zone_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/catalog_writes.h"
#include "tests/unit/dnsd/feed/recording_sink.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using catalog::Key;
using catalog::Kind;
using consul::Health;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ZoneFeedTest : public ::testing::Test {
 protected:
  ZoneFeedTest() { state.Put(TestNode("N1")); }

  void PutWeb(std::string id, int64_t port) {
    ServiceRow row = TestService("n1", "Web", std::move(id));
    row.port = port;
    PutService(state, row);
  }
  void Publish() { zone.Publish(state.TakeJournal().touched); }
  // The health that instance `id` of web has in the zone.
  Health HealthOf(const std::string& id) const {
    for (const auto& instance : sink.services.at(web)->instances) {
      if (instance.id == id) return instance.health;
    }
    return Health::kOther;
  }

  State state;
  ZoneFeed zone{state, "dc1", "n1"};
  feed::RecordingSink sink;
  const Key web{Kind::kService, "dc1", "web"};
  const Key node{Kind::kNode, "dc1", "n1"};
};

TEST_F(ZoneFeedTest, TellsEverythingAtTheStart) {
  PutWeb("w1", 80);
  zone.Start(sink);
  EXPECT_EQ(sink.Ports(web), "80");
  ASSERT_TRUE(sink.nodes[node]);
  EXPECT_EQ(sink.nodes[node]->name, "N1");
  EXPECT_THAT(sink.datacenters, ElementsAre("dc1"));
  EXPECT_THAT(sink.freshness, ElementsAre(catalog::Freshness::kFresh));
  EXPECT_EQ(sink.index, state.index());
}

TEST_F(ZoneFeedTest, SaysNothingBeforeTheStart) {
  PutWeb("w1", 80);
  Publish();
  zone.TellAll();
  zone.Want(web);
  bool settled = false;
  zone.Settle([&] { settled = true; });
  EXPECT_TRUE(settled);
  EXPECT_THAT(sink.told, IsEmpty());
}

TEST_F(ZoneFeedTest, TellsWhatWasTouchedAndNothingElse) {
  PutService(state, TestService("n1", "db"));
  PutWeb("w1", 80);
  Publish();
  zone.Start(sink);
  sink.told.clear();
  PutWeb("w2", 81);
  Publish();
  EXPECT_EQ(sink.Ports(web), "80 81");
  EXPECT_EQ(sink.told.size(), 1U) << "neither db nor the node";
  RemoveService(state, "n1", "w1");
  RemoveService(state, "n1", "w2");
  Publish();
  EXPECT_EQ(sink.Ports(web), "absent");
}

TEST_F(ZoneFeedTest, AnAddressOfTheNodeReachesItsServices) {
  PutWeb("w1", 80);
  zone.Start(sink);
  state.BeginWrite();
  state.Put(TestNode("N1", "10.0.0.9"));
  Publish();
  EXPECT_EQ(sink.nodes[node]->address, "10.0.0.9");
  EXPECT_EQ(sink.services[web]->instances.front().node->address, "10.0.0.9");
  RemoveNode(state, "n1");
  Publish();
  EXPECT_EQ(sink.nodes[node], nullptr);
  EXPECT_EQ(sink.Ports(web), "absent");
}

TEST_F(ZoneFeedTest, TheWorstCheckOfInstanceAndNodeIsItsHealth) {
  PutWeb("w1", 80);
  PutWeb("w2", 81);
  zone.Start(sink);
  const struct {
    const char *check, *of, *status;
    Health w1, w2;
  } steps[] = {
      {"a", "w1", "passing", Health::kPassing, Health::kPassing},
      {"b", "w1", "warning", Health::kWarning, Health::kPassing},
      {"b", "w1", "strange", Health::kOther, Health::kPassing},
      {"node", "", "critical", Health::kCritical, Health::kCritical},
      {"node", "", "passing", Health::kOther, Health::kPassing},
      {"_service_maintenance:w2", "w2", "critical", Health::kOther, Health::kMaintenance},
      {"_node_maintenance", "", "critical", Health::kMaintenance, Health::kMaintenance},
  };
  for (const auto& step : steps) {
    PutCheck(state, TestCheck("n1", step.check, step.of, step.status));
    Publish();
    EXPECT_EQ(HealthOf("w1"), step.w1) << step.check << " " << step.status;
    EXPECT_EQ(HealthOf("w2"), step.w2) << step.check << " " << step.status;
  }
}

TEST_F(ZoneFeedTest, NumbersThatDnsCannotHold) {
  PutWeb("below", -1);
  PutWeb("above", 65536);
  PutWeb("none", 0);
  ServiceRow heavy = TestService("n1", "Web", "w");
  heavy.port = 65535;
  heavy.weights = {.passing = 70000, .warning = -3};
  PutService(state, heavy);
  zone.Start(sink);
  EXPECT_EQ(sink.Ports(web), "0 65535");
  EXPECT_EQ(sink.services[web]->instances.back().weights, (consul::Weights{1, 1}));
}

TEST_F(ZoneFeedTest, ProxiesAreToldOnceWanted) {
  const Key connect{Kind::kConnect, "dc1", "web"};
  ServiceRow proxy = TestService("n1", "web-proxy");
  proxy.kind = "connect-proxy";
  proxy.proxy_destination = "Web";
  proxy.port = 20000;
  zone.Start(sink);
  PutService(state, proxy);
  Publish();
  EXPECT_EQ(sink.Ports(connect), "unknown");
  zone.Want(connect);
  EXPECT_EQ(sink.Ports(connect), "20000");
  proxy.port = 20001;
  PutService(state, proxy);
  Publish();
  EXPECT_EQ(sink.Ports(connect), "20001");
  RemoveService(state, "n1", "web-proxy");
  Publish();
  EXPECT_EQ(sink.Ports(connect), "absent");
}

TEST_F(ZoneFeedTest, OtherDatacentersCannotBeHad) {
  zone.Start(sink);
  const Key elsewhere{Kind::kService, "dc2", "web"};
  zone.Want(elsewhere);
  EXPECT_TRUE(sink.unavailable.contains(elsewhere));
}

TEST_F(ZoneFeedTest, WantedNamesAreBounded) {
  zone.Start(sink);
  for (int i = 0; i < 10001; ++i) zone.Want({Kind::kQuery, "dc1", "q" + std::to_string(i)});
  EXPECT_EQ(sink.forgotten.size(), 1U);
}

}  // namespace
}  // namespace signpost::registry
