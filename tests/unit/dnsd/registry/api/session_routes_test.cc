// Signpost. Apache-2.0; see LICENSE.
// The life of a session over HTTP.
#include <gmock/gmock.h>

#include "dnsd/registry/model/uuid.h"
#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kUnknown = "9f1de9a5-0000-4000-8000-000000000000";

class SessionEndpoints : public EndpointTest {
 protected:
  SessionEndpoints() : EndpointTest(SessionRoutes()) {
    Write([](State& state) {
      state.Put(TestNode("other"));
      state.Put(TestService("own", "web"));
      for (const char* id : {"serfHealth", "c"}) PutCheck(state, TestCheck("own", id));
      PutCheck(state, TestCheck("own", "of-web", "web"));
      PutCheck(state, TestCheck("own", "bad", "", std::string(kCritical)));
    });
  }
  // The ID, or the status and why not.
  std::string Create(const std::string& body = "") {
    const Answer answer = Put("/v1/session/create", body);
    if (answer.status != 200) return std::to_string(answer.status) + " " + answer.body;
    return std::string(json::Document::Parse(answer.body)->root()["ID"].String());
  }
  SessionRow Row(const std::string& id) {
    const auto row = engine.state().FindSession(id);
    EXPECT_TRUE(row) << id;
    return row ? *row : SessionRow();
  }
  int64_t LockDelay(const std::string& value) {
    const Millis delay = Row(Create(R"({"LockDelay":)" + value + "}")).lock_delay;
    return delay.count();
  }
};

TEST_F(SessionEndpoints, ASessionAsItIsShown) {
  const std::string id = Create(R"({"Name":"n","TTL":"10s","Behavior":"delete","LockDelay":"5s"})");
  EXPECT_TRUE(IsUuid(id));
  const std::string index = std::to_string(engine.state().index());
  const std::string shown = R"([{"ID":")" + id +
                            R"(","Name":"n","Node":"own","LockDelay":5000000000,"Behavior":"delete","TTL":"10s",)" +
                            R"("NodeChecks":["serfHealth"],"ServiceChecks":null,"CreateIndex":)" + index +
                            R"(,"ModifyIndex":)" + index + "}]";
  EXPECT_EQ(Get("/v1/session/info/" + id).body, shown);
  EXPECT_EQ(Get("/v1/session/list").body, shown);
  EXPECT_EQ(Get("/v1/session/node/OWN").body, shown);
  EXPECT_EQ(Get("/v1/session/node/other").body, "[]");
  EXPECT_EQ(Put("/v1/session/renew/" + id, "").body, shown);
  EXPECT_THAT(Get("/v1/session/list").topics, ElementsAre(Topic{.kind = Topic::Kind::kSessions, .name = {}}));
}

TEST_F(SessionEndpoints, Defaults) {
  const SessionRow row = Row(Create());
  EXPECT_EQ(row.node, "own");
  EXPECT_EQ(row.lock_delay, Millis(15000));
  EXPECT_EQ(row.behavior, SessionRow::Behavior::kRelease);
  EXPECT_THAT(row.node_checks, ElementsAre("serfHealth"));
}

TEST_F(SessionEndpoints, LockDelays) {
  EXPECT_EQ(LockDelay("\"90s\""), 90000);
  EXPECT_EQ(LockDelay("7"), 7000) << "a small number means seconds";
  EXPECT_EQ(LockDelay("5000000000"), 5000) << "a large one nanoseconds";
  EXPECT_EQ(LockDelay("\"0s\""), 0);
  EXPECT_EQ(LockDelay("true"), 15000);
}

TEST_F(SessionEndpoints, Checks) {
  EXPECT_THAT(Row(Create(R"({"NodeChecks":["c"]})")).node_checks, ElementsAre("c"));
  EXPECT_THAT(Row(Create(R"({"NodeChecks":[]})")).node_checks, IsEmpty());
  EXPECT_THAT(Row(Create(R"({"Checks":[]})")).node_checks, IsEmpty());
  EXPECT_THAT(Row(Create(R"({"ServiceChecks":[{"ID":"of-web"}]})")).service_checks,
              ElementsAre(std::pair("of-web", "")));
}

TEST_F(SessionEndpoints, Refusals) {
  struct Case {
    const char* body;
    const char* text;
  };
  for (const auto& [body, text] :
       {Case{R"({"Node":""})", "500 Must provide Node"},
        {R"({"Node":"absent"})", "500 Missing node registration"},
        {R"({"Behavior":"word"})", "500 Invalid Behavior setting 'word'"},
        {R"({"TTL":"9s"})", "500 Invalid Session TTL '9000000000', must be between [10s=24h0m0s]"},
        {R"({"TTL":"25h"})", "500 Invalid Session TTL '90000000000000', must be between [10s=24h0m0s]"},
        {R"({"NodeChecks":["absent"]})", "500 Missing check 'absent' registration"},
        {R"({"NodeChecks":["bad"]})", "500 Check 'bad' is in critical state"},
        {"{", "400 Request decode failed: unexpected EOF"}}) {
    EXPECT_EQ(Create(body), text) << body;
  }
  EXPECT_THAT(Create(R"({"TTL":"word"})"), HasSubstr("500 Session TTL 'word' invalid: "));
  EXPECT_TRUE(engine.state().sessions().empty());
  EXPECT_TRUE(IsUuid(Create(R"({"Unknown":1})"))) << "what is not known is passed over";
}

TEST_F(SessionEndpoints, TheEnd) {
  const std::string id = Create();
  EXPECT_EQ(Put("/v1/session/destroy/" + id, "").body, "true");
  EXPECT_EQ(Get("/v1/session/info/" + id).body, "[]");
  EXPECT_EQ(Put("/v1/session/destroy/" + id, "").body, "true") << "what is gone may be destroyed";
  EXPECT_EQ(Put("/v1/session/renew/" + std::string(kUnknown), "").status, 404);
  for (const char* path : {"destroy", "renew"}) {
    EXPECT_EQ(Put("/v1/session/" + std::string(path) + "/word", "").status, 500) << path;
    EXPECT_EQ(Put("/v1/session/" + std::string(path) + "/", "").status, 400) << path;
  }
  EXPECT_EQ(Get("/v1/session/info/word").body, "failed session lookup: index error: UUID must be 36 characters");
}

}  // namespace
}  // namespace signpost::registry
