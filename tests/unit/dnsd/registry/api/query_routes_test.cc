// Signpost. Apache-2.0; see LICENSE.
// Prepared queries over HTTP.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kUnknown = "9f1de9a5-0000-4000-8000-000000000000";

class QueryEndpoints : public EndpointTest {
 protected:
  QueryEndpoints() : EndpointTest(QueryRoutes()) {
    Write([](State& state) {
      for (const char* node : {"n1", "n2", "own"}) {
        state.Put(TestNode(node));
        PutService(state, TestService(node, "web"));
      }
    });
  }
  // The ID, or the status and why not.
  std::string Create(const std::string& body) {
    const Answer answer = Call("POST", "/v1/query", body);
    if (answer.status != 200) return std::to_string(answer.status) + " " + answer.body;
    return std::string(json::Document::Parse(answer.body)->root()["ID"].String());
  }
  std::string Text(const Answer& answer) { return std::to_string(answer.status) + " " + answer.body; }
  // The nodes that a query finds, in the order of the answer.
  Strings Found(const std::string& target) {
    Strings nodes;
    const auto document = json::Document::Parse(Get(target).body);
    document->root()["Nodes"].ForEachElement(
        [&nodes](json::Value row) { nodes.emplace_back(row["Node"]["Node"].String()); });
    return nodes;
  }
};

TEST_F(QueryEndpoints, ADefinitionAsItIsShown) {
  const std::string id = Create(R"({"Name":"q","Service":{"Service":"web"}})");
  const std::string index = std::to_string(engine.state().index());
  const std::string shown =
      R"([{"ID":")" + id + R"(","Name":"q","Session":"","Token":"",)" +
      R"("Template":{"Type":"","Regexp":"","RemoveEmptyTags":false},"Service":{"Service":"web",)" +
      R"("Failover":{"NearestN":0,"Datacenters":null},"OnlyPassing":false,"IgnoreCheckIDs":null,"Near":"","Tags":null,)" +
      R"("NodeMeta":null,"ServiceMeta":null,"Connect":false},"DNS":{"TTL":""},"CreateIndex":)" + index +
      R"(,"ModifyIndex":)" + index + "}]";
  EXPECT_EQ(Get("/v1/query/" + id).body, shown);
  const Answer list = Get("/v1/query");
  EXPECT_EQ(list.body, shown);
  EXPECT_EQ(std::to_string(list.index.value()), index);
  EXPECT_THAT(list.topics, ElementsAre(Topic{.kind = Topic::Kind::kQueries, .name = {}}));
}

TEST_F(QueryEndpoints, ChangingAndDeleting) {
  const std::string id = Create(R"({"Name":"q","Service":{"Service":"web"}})");
  const Answer changed = Put("/v1/query/" + id, R"({"Name":"q2","Service":{"Service":"db"},"DNS":{"TTL":"10s"}})");
  EXPECT_EQ(Text(changed), "200 ");
  EXPECT_EQ(changed.content_type, "");
  EXPECT_EQ(engine.state().FindQuery(id)->service, "db");
  EXPECT_EQ(Text(Call("DELETE", "/v1/query/" + id)), "200 ");
  EXPECT_EQ(Text(Get("/v1/query/" + id)), "404 Query not found");
  const std::string none = "500 Cannot modify non-existent prepared query: '" + id + "'";
  EXPECT_EQ(Text(Call("DELETE", "/v1/query/" + id)), none);
  EXPECT_EQ(Text(Put("/v1/query/" + id, R"({"Name":"q2","Service":{"Service":"db"}})")), none);
}

TEST_F(QueryEndpoints, Refusals) {
  struct Case {
    const char* body;
    const char* text;
  };
  for (const auto& [body, text] :
       {Case{"", "400 Request decode failed: EOF"},
        {R"({"Name":"q","Word":1})", R"(400 Request decode failed: json: unknown field "Word")"},
        {R"({"ID":"x","Name":"q","Service":{"Service":"x"}})",
         "500 ID must be empty when creating a new prepared query"},
        {R"({"Service":{"Service":"x"}})", "500 Invalid prepared query: Must be bound to a session"},
        {R"({"Name":"q"})", "500 Invalid prepared query: Must provide a Service name to query"},
        {R"({"Name":"q","Token":"<hidden>","Service":{"Service":"x"}})",
         "500 Invalid prepared query: Bad Token '<hidden>', it looks like a query definition with a redacted token was "
         "submitted"},
        {R"({"Name":"q","Service":{"Service":"x","Failover":{"NearestN":-1}}})",
         "500 Invalid prepared query: Bad NearestN '-1', must be >= 0"},
        {R"({"Name":"q","Service":{"Service":"x","NodeMeta":{"a b":"1"}}})",
         "500 Invalid prepared query: Couldn't load metadata pair ('a b', '1'): Key contains invalid characters"},
        {R"({"Name":"q","Service":{"Service":"x"},"DNS":{"TTL":"-1s"}})",
         "500 Invalid prepared query: DNS TTL '-1000000000', must be >=0"},
        {R"({"Name":"q","Service":{"Service":"${x"},"Template":{"Type":"name_prefix_match"}})",
         "500 failed compiling template: Bad format '${x' in Service.Service: parse error: syntax error"}}) {
    EXPECT_EQ(Create(body), text) << body;
  }
  EXPECT_TRUE(engine.state().queries().empty());
  EXPECT_EQ(Create(R"({"Name":"q","Service":{"Service":"x","NodeMeta":{"consul-x":"1"}}})").size(), 36U);
}

TEST_F(QueryEndpoints, IdsThatAreNone) {
  EXPECT_EQ(Text(Get("/v1/query/word")), "500 failed prepared query lookup: index error: UUID must be 36 characters");
  EXPECT_EQ(Text(Call("DELETE", "/v1/query/word")),
            "500 Prepared Query lookup failed: failed prepared query lookup: index error: UUID must be 36 characters");
  EXPECT_EQ(Text(Get("/v1/query/" + std::string(kUnknown))), "404 Query not found");
  for (const char* what : {"execute", "explain"}) {
    EXPECT_EQ(Text(Get("/v1/query/word/" + std::string(what))), "404 Query not found");
    EXPECT_EQ(Text(Put("/v1/query/word/" + std::string(what), "")), "405 method PUT not allowed");
  }
  EXPECT_THAT(Call("POST", "/v1/query/x").headers, ElementsAre(Pair("Allow", "GET,PUT,DELETE")));
}

TEST_F(QueryEndpoints, ExecutingFindsInstancesInAnyOrder) {
  Create(R"({"Name":"q","Service":{"Service":"web"},"DNS":{"TTL":"5s"}})");
  std::set<Strings> orders;
  for (int i = 0; i < 200; ++i) {
    Strings nodes = Found("/v1/query/Q/execute");
    orders.insert(nodes);
    std::sort(nodes.begin(), nodes.end());
    EXPECT_THAT(nodes, ElementsAre("n1", "n2", "own"));
  }
  EXPECT_EQ(orders.size(), 6U) << "every order comes up";
  const Answer answer = Get("/v1/query/q/execute?stale&index=1");
  EXPECT_THAT(answer.body, HasSubstr(R"("Tags":null)"));
  EXPECT_THAT(answer.body, HasSubstr(R"("Checks":null)"));
  EXPECT_THAT(answer.body, EndsWith(R"("DNS":{"TTL":"5s"},"Datacenter":"dc1","Failovers":0,"Index":0,"LastContact":0,)"
                                    R"("KnownLeader":true,"ConsistencyLevel":"stale"})"));
  EXPECT_FALSE(answer.index) << "it never waits";
  EXPECT_THAT(answer.headers, Contains(Pair("X-Consul-Index", "1")));
}

TEST_F(QueryEndpoints, NearAndLimit) {
  Create(R"({"Name":"far","Service":{"Service":"web"}})");
  Create(R"({"Name":"near","Service":{"Service":"web","Near":"_agent"}})");
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(Found("/v1/query/near/execute?limit=1"), ElementsAre("own"));
    EXPECT_THAT(Found("/v1/query/far/execute?near=_agent&limit=%2B1"), ElementsAre("own"));
  }
  for (const char* all : {"0", "-1", "", "3", "9"}) {
    EXPECT_EQ(Found("/v1/query/far/execute?limit=" + std::string(all)).size(), 3U) << all;
  }
  EXPECT_EQ(Text(Get("/v1/query/far/execute?limit=word")),
            R"(500 Bad limit: strconv.Atoi: parsing "word": invalid syntax)");
  EXPECT_EQ(Text(Get("/v1/query/far/execute?limit=99999999999999999999")),
            R"(500 Bad limit: strconv.Atoi: parsing "99999999999999999999": value out of range)");
}

TEST_F(QueryEndpoints, NothingFound) {
  Create(R"({"Name":"q","Service":{"Service":"absent","Failover":{"NearestN":3,"Datacenters":["dc2"]}}})");
  EXPECT_THAT(Get("/v1/query/q/execute").body, HasSubstr(R"("Service":"absent","Nodes":[])"));
}

TEST_F(QueryEndpoints, ExplainingATemplate) {
  const std::string id = Create(
      R"({"Name":"t-","Template":{"Type":"name_prefix_match","RemoveEmptyTags":true},"Service":{"Service":"${name.suffix}"}})");
  const std::string explained = Get("/v1/query/t-web/explain").body;
  EXPECT_THAT(explained, HasSubstr(R"({"Query":{"ID":")" + id));
  EXPECT_THAT(explained, HasSubstr(R"("Service":{"Service":"web",)"));
  EXPECT_THAT(explained, HasSubstr(R"("Tags":[])"));
  EXPECT_EQ(Found("/v1/query/t-web/execute").size(), 3U);
  EXPECT_EQ(Text(Get("/v1/query/" + id + "/execute")),
            "500 prepared query templates can only be resolved up by name, not by ID");
}

}  // namespace
}  // namespace signpost::registry
