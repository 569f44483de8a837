// Signpost. Apache-2.0; see LICENSE.
#include "tests/unit/dnsd/registry/api/agent_fixture.h"

namespace signpost::registry {
namespace {

constexpr const char* kRegister = "/v1/agent/service/register";

using AgentServicesTest = AgentApiTest;

TEST_F(AgentServicesTest, ShowsAServiceAsConsulsAgentDoes) {
  EXPECT_EQ(Line(Put(kRegister, R"({"Name":"bare"})")), "200");
  EXPECT_EQ(Get("/v1/agent/services").body,
            R"({"bare":{"ID":"bare","Service":"bare","Tags":[],"Meta":{},"Port":0,"Address":"",)"
            R"("Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false}})");
  Put(kRegister, R"({"Name":"full","ID":"f1","Tags":["b","a"],"Port":8080,"Address":"10.1.2.3","Meta":{"v":"1"},)"
                 R"("Weights":{"Passing":5,"Warning":2},"EnableTagOverride":true,"Connect":{"Native":true}})");
  EXPECT_EQ(Get("/v1/agent/services?filter=ID==f1").body,
            R"({"f1":{"ID":"f1","Service":"full","Tags":["b","a"],"Meta":{"v":"1"},"Port":8080,"Address":"10.1.2.3",)"
            R"("TaggedAddresses":{"lan_ipv4":{"Address":"10.1.2.3","Port":8080},)"
            R"("wan_ipv4":{"Address":"10.1.2.3","Port":8080}},"Weights":{"Passing":5,"Warning":2},)"
            R"("EnableTagOverride":true,"Connect":{"Native":true}}})");
}

TEST_F(AgentServicesTest, ShowsProxiesOfProxyKindsOnly) {
  Put(kRegister, R"({"Name":"odd","Kind":"word"})");
  EXPECT_FALSE(Json("/v1/agent/service/odd").root()["Proxy"].present());
  Put(kRegister, R"({"Name":"gate","Kind":"mesh-gateway","Port":1})");
  EXPECT_TRUE(Json("/v1/agent/service/gate").root()["Proxy"]["MeshGateway"].IsObject());
}

TEST_F(AgentServicesTest, OneServiceCarriesTheHashOfItsContent) {
  Put(kRegister, R"({"Name":"h","Port":1})");
  const Answer first = Get("/v1/agent/service/h");
  EXPECT_EQ(first.hash.size(), 16U);
  EXPECT_NE(first.body.find("\"ContentHash\":\"" + first.hash + "\""), std::string::npos);
  EXPECT_EQ(first.topics, (Topics{{Topic::Kind::kAgentService, PartKey("n1", "h")}}));
  Put(kRegister, R"({"Name":"h","Port":2})");
  EXPECT_NE(Get("/v1/agent/service/h").hash, first.hash);
  Put(kRegister, R"({"Name":"h","Port":1})");
  EXPECT_EQ(Get("/v1/agent/service/h").hash, first.hash);
  EXPECT_EQ(Line(Get("/v1/agent/service/H")), "404 unknown service ID: H");
  EXPECT_EQ(Line(Get("/v1/agent/service/consul")), "404 unknown service ID: consul");
  EXPECT_EQ(Get("/v1/agent/service/gone").hash, "");
}

TEST_F(AgentServicesTest, RefusesBadBodies) {
  EXPECT_EQ(Line(Put(kRegister, R"({"ID":"x"})")), "400 Missing service name");
  EXPECT_EQ(Line(Put(kRegister, "{")), "400 Request decode failed: unexpected EOF");
  EXPECT_EQ(Line(Put(kRegister, R"({"Name":"x","Check":{"Args":["true"],"Interval":"10s"}})")),
            "500 Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to "
            "true");
  EXPECT_EQ(Put(kRegister, R"({"Name":"consul"})").status, 400);
  EXPECT_EQ(Put(kRegister, R"({"Name":"x","Check":{"CheckID":"serfHealth","TTL":"1s"}})").status, 400);
  EXPECT_EQ(Get("/v1/agent/services").body, "{}");
}

TEST_F(AgentServicesTest, ReplacesChecksWhenAsked) {
  const auto with_check = [](const std::string& id) {
    return R"({"Name":"w","Check":{"CheckID":")" + id + R"(","TTL":"10s"}})";
  };
  Put(kRegister, with_check("a"));
  for (const char* const keeps : {"", "?replace-existing-checks=false", "?replace-existing-checks=word"}) {
    Put(std::string(kRegister) + keeps, with_check("b"));
    EXPECT_EQ(Json("/v1/agent/checks").root().size(), 2U) << keeps;
  }
  for (const char* const replaces : {"?replace-existing-checks", "?replace-existing-checks=true"}) {
    Put(kRegister, with_check("a"));
    Put(std::string(kRegister) + replaces, with_check("b"));
    EXPECT_EQ(Json("/v1/agent/checks").root().size(), 1U) << replaces;
  }
}

TEST_F(AgentServicesTest, DeregistersWithItsChecks) {
  Put(kRegister, R"({"Name":"w","ID":"w1","Check":{"TTL":"10s"}})");
  EXPECT_EQ(Line(Put("/v1/agent/service/deregister/w")), "200");
  EXPECT_EQ(Json("/v1/agent/services").root().size(), 1U);
  EXPECT_EQ(Line(Put("/v1/agent/service/deregister/w1")), "200");
  EXPECT_EQ(Get("/v1/agent/services").body + Get("/v1/agent/checks").body, "{}{}");
  EXPECT_EQ(Line(Put("/v1/agent/service/deregister/")), "500 ServiceID missing");
  EXPECT_EQ(Line(Put("/v1/agent/service/deregister/consul")), "200");
  EXPECT_TRUE(engine_.state().FindService("n1", "consul"));
}

TEST_F(AgentServicesTest, MaintenanceNeedsAServiceAndAWord) {
  const std::string maintenance = "/v1/agent/service/maintenance/";
  Put(kRegister, R"({"Name":"w"})");
  EXPECT_EQ(Line(Put(maintenance + "w?enable=true&reason=why")), "200");
  EXPECT_EQ(Json("/v1/agent/checks").root()["_service_maintenance:w"]["Notes"].String(), "why");
  EXPECT_EQ(Line(Put(maintenance + "w?enable=F")), "200");
  EXPECT_EQ(Get("/v1/agent/checks").body, "{}");
  EXPECT_EQ(Line(Put(maintenance + "w")), "400 Missing value for enable");
  EXPECT_EQ(Line(Put(maintenance + "w?enable=")), R"(400 Invalid value for enable: "")");
  EXPECT_EQ(Line(Put(maintenance + "w?enable=word")), R"(400 Invalid value for enable: "word")");
  EXPECT_EQ(Line(Put(maintenance + "absent?enable=true")), R"(404 No service registered with ID "absent")");
  EXPECT_EQ(Line(Put(maintenance + "?enable=true")), "400 Missing service ID");
}

TEST_F(AgentServicesTest, FiltersAndRefusesBadExpressions) {
  Put(kRegister, R"({"Name":"a","Tags":["x"]})");
  Put(kRegister, R"({"Name":"b","Meta":{"k":"v"}})");
  EXPECT_EQ(Json("/v1/agent/services?filter=x%20in%20Tags").root().size(), 1U);
  EXPECT_TRUE(Json("/v1/agent/services?filter=Meta.k==v").root()["b"].IsObject());
  EXPECT_EQ(Line(Get("/v1/agent/services?filter=Nonsense==2")),
            R"(500 Failed to create boolean expression evaluator: Selector "Nonsense" is not valid)");
}

}  // namespace
}  // namespace signpost::registry
