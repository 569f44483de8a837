// Signpost. Apache-2.0; see LICENSE.
#include "tests/unit/dnsd/registry/api/agent_fixture.h"

namespace signpost::registry {
namespace {

using AgentSelfTest = AgentApiTest;

TEST_F(AgentSelfTest, TellsWhatClientsLookFor) {
  Put("/v1/agent/service/register", R"({"Name":"web","Check":{"TTL":"60s"}})");
  const json::Document document = Json("/v1/agent/self");
  const json::Value self = document.root();
  EXPECT_EQ(self["Config"]["Datacenter"].String(), "dc1");
  EXPECT_EQ(self["Config"]["NodeName"].String(), "n1");
  EXPECT_EQ(self["Config"]["NodeID"].String(), "0f");
  EXPECT_TRUE(self["Config"]["Server"].Bool());
  EXPECT_EQ(self["Config"]["Version"].String(), "1.8.7");
  EXPECT_TRUE(self["DebugConfig"].IsObject());
  EXPECT_EQ(self["Coord"]["Vec"].size(), 8U);
  EXPECT_EQ(self["Member"]["Name"].String(), "n1");
  EXPECT_EQ(self["Stats"]["agent"]["services"].String(), "1");
  EXPECT_EQ(self["Stats"]["agent"]["check_ttls"].String(), "1");
  EXPECT_EQ(self["Stats"]["raft"]["state"].String(), "Leader");
  EXPECT_EQ(self["Meta"]["consul-network-segment"].String("none"), "");
}

TEST_F(AgentSelfTest, IsTheOnlyMember) {
  const json::Document members = Json("/v1/agent/members?segment=_all");
  ASSERT_EQ(members.root().size(), 1U);
  const json::Value member = members.root().At(0);
  EXPECT_EQ(member["Addr"].String(), "10.0.0.1");
  EXPECT_EQ(member["Status"].Int(), 1);
  EXPECT_EQ(member["Tags"]["role"].String(), "consul");
  EXPECT_EQ(member["Tags"]["dc"].String(), "dc1");
  EXPECT_EQ(member["Tags"]["build"].String(), "1.8.7:");
  EXPECT_EQ(Json("/v1/agent/members?wan=1").root().At(0)["Name"].String(), "n1.dc1");
  EXPECT_EQ(Line(Get("/v1/agent/members?segment=x")),
            "500 Network segments are not supported in this version of Consul");
}

TEST_F(AgentSelfTest, ReloadDoesWhatTheOwnerSays) {
  EXPECT_EQ(Line(Put("/v1/agent/reload")), "200");
  Status outcome;
  int calls = 0;
  engine_.SetReload([&] {
    ++calls;
    return outcome;
  });
  EXPECT_EQ(Line(Put("/v1/agent/reload")), "200");
  outcome = Status::Config("web.json: unknown key");
  EXPECT_EQ(Line(Put("/v1/agent/reload")), "500 web.json: unknown key");
  EXPECT_EQ(calls, 2);
}

TEST_F(AgentSelfTest, CountsInMetrics) {
  const json::Document metrics = Json("/v1/agent/metrics");
  EXPECT_EQ(metrics.root()["Gauges"].At(0)["Name"].String(), "consul.registry.nodes");
  EXPECT_EQ(metrics.root()["Gauges"].At(0)["Value"].Int(), 1);
  EXPECT_TRUE(metrics.root()["Counters"].IsArray());
  EXPECT_TRUE(metrics.root()["Timestamp"].String().ends_with(" +0000 UTC"));
  EXPECT_EQ(Get("/v1/agent/metrics?format=prometheus").status, 415);
}

TEST_F(AgentSelfTest, RefusesWhatOnlyAClusterCanDo) {
  EXPECT_EQ(Put("/v1/agent/join/10.0.0.2").status, 500);
  EXPECT_EQ(Line(Put("/v1/agent/force-leave/x")), "500 agent: No node found with name 'x'");
  EXPECT_EQ(Line(Put("/v1/agent/force-leave/n1")), "200");
  EXPECT_EQ(Put("/v1/agent/leave").status, 501);
  EXPECT_EQ(Get("/v1/agent/monitor").status, 501);
  EXPECT_EQ(Get("/v1/agent/host").status, 501);
  EXPECT_EQ(Line(Put("/v1/agent/token/default")), "401 ACL support disabled");
}

}  // namespace
}  // namespace signpost::registry
