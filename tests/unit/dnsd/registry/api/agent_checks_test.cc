// Signpost. Apache-2.0; see LICENSE.
#include "tests/unit/dnsd/registry/api/agent_fixture.h"

namespace signpost::registry {
namespace {

constexpr const char* kRegister = "/v1/agent/check/register";

class AgentChecksTest : public AgentApiTest {
 protected:
  // "status: output" of a check.
  std::string Told(const std::string& id) {
    const json::Document checks = Json("/v1/agent/checks");
    const json::Value check = checks.root()[id];
    return std::string(check["Status"].String("none")) + ": " + std::string(check["Output"].String());
  }
};

TEST_F(AgentChecksTest, ShowsACheckAsConsulsAgentDoes) {
  EXPECT_EQ(Line(Put(kRegister, R"({"Name":"plain","Notes":"n","TTL":"15s"})")), "200");
  EXPECT_EQ(Get("/v1/agent/checks").body,
            R"({"plain":{"Node":"n1","CheckID":"plain","Name":"plain","Status":"critical","Notes":"n","Output":"",)"
            R"("ServiceID":"","ServiceName":"","ServiceTags":[],"Type":"ttl","Definition":{},)"
            R"("CreateIndex":0,"ModifyIndex":0}})");
}

TEST_F(AgentChecksTest, BelongsToAServiceThatExists) {
  Put("/v1/agent/service/register", R"({"Name":"web","ID":"w1","Tags":["t"]})");
  EXPECT_EQ(Line(Put(kRegister, R"({"Name":"c","ServiceID":"w1","TTL":"15s"})")), "200");
  const json::Document checks = Json("/v1/agent/checks");
  EXPECT_EQ(checks.root()["c"]["ServiceName"].String(), "web");
  EXPECT_EQ(checks.root()["c"]["ServiceTags"].At(0).String(), "t");
  EXPECT_EQ(Line(Put(kRegister, R"({"Name":"x","ServiceID":"absent","TTL":"15s"})")),
            R"(500 ServiceID "absent" does not exist)");
}

TEST_F(AgentChecksTest, RefusesBadBodies) {
  EXPECT_EQ(Line(Put(kRegister, R"({"TTL":"15s"})")), "400 Missing check name");
  EXPECT_EQ(Put(kRegister, R"({"Name":"c","Args":["true"],"Interval":"10s"})").status, 500);
  EXPECT_EQ(Put(kRegister, R"({"Name":"serfHealth","TTL":"1s"})").status, 400);
  EXPECT_EQ(Get("/v1/agent/checks").body, "{}");
}

TEST_F(AgentChecksTest, TtlChecksAreToldHowTheyAre) {
  Put(kRegister, R"({"Name":"t","TTL":"60s"})");
  EXPECT_EQ(Line(Put("/v1/agent/check/pass/t?note=all%20good")), "200");
  EXPECT_EQ(Told("t"), "passing: all good");
  Put("/v1/agent/check/warn/t");
  EXPECT_EQ(Told("t"), "warning: ");
  Put("/v1/agent/check/fail/t?note=bad");
  EXPECT_EQ(Told("t"), "critical: bad");
  Put("/v1/agent/check/update/t", R"({"status":"passing","Output":"fine"})");
  EXPECT_EQ(Told("t"), "passing: fine");
  Put("/v1/agent/check/update/t", R"({"Status":"warning"})");
  EXPECT_EQ(Told("t"), "warning: ");
  Put(kRegister, R"({"Name":"t","TTL":"60s","OutputMaxSize":10,"Status":"critical"})");
  EXPECT_EQ(Told("t"), "warning: ") << "registering again tells nothing";
  Put("/v1/agent/check/pass/t?note=0123456789abcde");
  EXPECT_EQ(Told("t"), "passing: 0123456789 ... (captured 10 of 15 bytes)");
}

TEST_F(AgentChecksTest, OnlyTtlChecksAreTold) {
  Put(kRegister, R"({"Name":"tcp","TCP":"127.0.0.1:9","Interval":"1h"})");
  for (const std::string id : {"tcp", "absent", "serfHealth", ""}) {
    for (const std::string verb : {"pass", "warn", "fail"}) {
      std::string path = "/v1/agent/check/";
      path += verb;
      path += "/";
      path += id;
      EXPECT_EQ(Line(Put(path)), "500 CheckID \"" + id + "\" does not have associated TTL");
    }
  }
  EXPECT_EQ(Line(Put("/v1/agent/check/update/tcp", R"({"Status":"passing"})")),
            R"(500 CheckID "tcp" does not have associated TTL)");
}

TEST_F(AgentChecksTest, AnUpdateMustBeRight) {
  const std::string update = "/v1/agent/check/update/t";
  Put(kRegister, R"({"Name":"t","TTL":"60s"})");
  EXPECT_EQ(Line(Put(update, R"({"Status":"word"})")), "400 Invalid check status: 'word'");
  EXPECT_EQ(Line(Put(update, "null")), "400 Invalid check status: ''");
  EXPECT_EQ(Line(Put(update)), "400 Request decode failed: EOF");
  EXPECT_EQ(Line(Put(update, "[]")),
            "400 Request decode failed: json: cannot unmarshal array into Go value of type agent.checkUpdate");
  EXPECT_EQ(Line(Put(update, R"({"Status":1})")),
            "400 Request decode failed: json: cannot unmarshal number into Go struct field checkUpdate.Status of type "
            "string");
  EXPECT_EQ(Line(Put(update, R"({"Unknown":1})")), R"(400 Request decode failed: json: unknown field "Unknown")");
  EXPECT_EQ(Told("t"), "critical: ");
}

TEST_F(AgentChecksTest, Deregisters) {
  Put(kRegister, R"({"Name":"t","TTL":"60s"})");
  EXPECT_EQ(Line(Put("/v1/agent/check/deregister/t")), "200");
  EXPECT_EQ(Line(Put("/v1/agent/check/deregister/t")), "200");
  EXPECT_EQ(Told("t"), "none: ");
  EXPECT_EQ(Line(Put("/v1/agent/check/deregister/")), "500 CheckID missing");
  Put("/v1/agent/check/deregister/serfHealth");
  EXPECT_TRUE(engine_.state().FindCheck("n1", "serfHealth"));
}

TEST_F(AgentChecksTest, TheNodeGoesIntoMaintenance) {
  EXPECT_EQ(Line(Put("/v1/agent/maintenance?enable=True&reason=broken")), "200");
  EXPECT_EQ(Json("/v1/agent/checks").root()["_node_maintenance"]["Notes"].String(), "broken");
  EXPECT_EQ(Line(Put("/v1/agent/maintenance")), "400 Missing value for enable");
  Put("/v1/agent/maintenance?enable=false");
  EXPECT_EQ(Get("/v1/agent/checks").body, "{}");
}

TEST_F(AgentChecksTest, AFilterIsJudgedWhenThereIsACheckToJudge) {
  const std::string bad = "/v1/agent/checks?filter=Nonsense==1";
  EXPECT_EQ(Line(Get(bad)), "200 {}");
  EXPECT_EQ(Get("/v1/agent/checks?filter=(").status, 500) << "but not whether it is one";
  Put(kRegister, R"({"Name":"a","TTL":"60s","Status":"passing"})");
  Put(kRegister, R"({"Name":"b","TTL":"60s"})");
  EXPECT_EQ(Line(Get(bad)), R"(500 Selector "Nonsense" is not valid)");
  EXPECT_EQ(Json("/v1/agent/checks?filter=Status==passing").root().size(), 1U);
}

}  // namespace
}  // namespace signpost::registry
