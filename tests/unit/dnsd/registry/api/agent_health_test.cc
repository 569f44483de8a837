// Signpost. Apache-2.0; see LICENSE.
#include "tests/unit/dnsd/registry/api/agent_fixture.h"

namespace signpost::registry {
namespace {

class AgentHealthTest : public AgentApiTest {
 protected:
  void Register(const std::string& id, const std::string& status) {
    Put("/v1/agent/service/register",
        R"({"Name":"web","ID":")" + id + R"(","Check":{"TTL":"60s","Status":")" + status + "\"}}");
  }
  // "503 critical": status and the header's reason.
  std::string Verdict(const std::string& target) {
    const Answer answer = Get("/v1/agent/health/service/" + target);
    for (const auto& [name, value] : answer.headers) {
      if (name == "X-Consul-Reason") return std::to_string(answer.status) + " " + value;
    }
    return std::to_string(answer.status);
  }
};

TEST_F(AgentHealthTest, TheWorstInstanceCounts) {
  Register("a", "passing");
  EXPECT_EQ(Verdict("name/web"), "200 passing");
  Register("b", "warning");
  EXPECT_EQ(Verdict("name/web"), "429 warning");
  EXPECT_EQ(Verdict("id/a"), "200 passing");
  EXPECT_EQ(Verdict("id/b"), "429 warning");
  Register("c", "critical");
  EXPECT_EQ(Verdict("name/web"), "503 critical");
  Put("/v1/agent/service/maintenance/a?enable=true");
  EXPECT_EQ(Verdict("name/web"), "503 maintenance");
  EXPECT_EQ(Verdict("id/a"), "503 maintenance");
  EXPECT_EQ(Verdict("id/c"), "503 critical");
}

TEST_F(AgentHealthTest, ChecksOfTheNodeCountForAll) {
  Put("/v1/agent/service/register", R"({"Name":"web"})");
  EXPECT_EQ(Verdict("id/web"), "200 passing");
  Put("/v1/agent/check/register", R"({"Name":"disk","TTL":"60s","Status":"warning"})");
  EXPECT_EQ(Verdict("id/web"), "429 warning");
  Put("/v1/agent/maintenance?enable=true");
  EXPECT_EQ(Verdict("name/web"), "503 maintenance");
}

TEST_F(AgentHealthTest, ShowsServiceAndChecks) {
  Register("a", "passing");
  const json::Document by_id = Json("/v1/agent/health/service/id/a");
  EXPECT_EQ(by_id.root()["AggregatedStatus"].String(), "passing");
  EXPECT_EQ(by_id.root()["Service"]["ID"].String(), "a");
  const json::Value check = by_id.root()["Checks"].At(0);
  EXPECT_EQ(check["CheckID"].String(), "service:a");
  EXPECT_TRUE(check["ServiceTags"].IsNull());
  EXPECT_EQ(check["Type"].String("none"), "");
  EXPECT_EQ(check["Definition"]["Interval"].String(), "0s");
  EXPECT_TRUE(check["Definition"]["Header"].IsNull());
  const json::Document by_name = Json("/v1/agent/health/service/name/web");
  EXPECT_EQ(by_name.root().At(0)["Service"]["ID"].String(), "a");
}

TEST_F(AgentHealthTest, SaysOneWordIfAsked) {
  Register("a", "warning");
  for (const char* const target : {"id/a?format=text", "name/web?format=text"}) {
    const Answer answer = Get(std::string("/v1/agent/health/service/") + target);
    EXPECT_EQ(Line(answer), "429 warning");
    EXPECT_EQ(answer.content_type, "text/plain");
  }
  EXPECT_EQ(Get("/v1/agent/health/service/id/a?format=xml").content_type, "application/json");
}

TEST_F(AgentHealthTest, TellsWhatIsNotThere) {
  const std::string health = "/v1/agent/health/service/";
  EXPECT_EQ(Line(Get(health + "name/absent")), "404 []");
  EXPECT_EQ(Line(Get(health + "name/absent?format=text")), "404 ServiceName absent Not Found");
  EXPECT_EQ(Line(Get(health + "id/absent")), R"(404 {"AggregatedStatus":"critical","Service":null,"Checks":null})");
  EXPECT_EQ(Line(Get(health + "id/absent?format=text")), R"(404 "ServiceId absent not found")");
  EXPECT_EQ(Verdict("id/absent"), "404 ServiceId absent not found");
  EXPECT_EQ(Verdict("name/consul"), "404 ServiceName consul Not Found");
  EXPECT_EQ(Line(Get(health + "name/")), "500 Bad request: Missing service Name");
  EXPECT_EQ(Line(Get(health + "id/")), "500 Bad request: Missing serviceID");
}

TEST_F(AgentHealthTest, AReasonIsOneHeaderLine) {
  EXPECT_EQ(Verdict("id/a\r\nX-Evil: 1"), "404 ServiceId a  X-Evil: 1 not found");
}

}  // namespace
}  // namespace signpost::registry
