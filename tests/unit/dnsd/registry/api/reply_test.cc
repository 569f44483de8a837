// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/registry/api/api_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

http::ServerResponse Reply(const std::string& line, Answer answer, RouteKind kind = RouteKind::kRead,
                           const QueryOptions& options = {}) {
  return MakeReply(Request(line), options, kind, answer, nullptr);
}

Answer Indexed(std::string json, uint64_t index) {
  Answer answer = JsonAnswer(std::move(json));
  answer.index = index;
  return answer;
}

TEST(ReplyTest, ReadsOfTheCatalogHaveConsulsHeaders) {
  EXPECT_THAT(Reply("GET /v1/catalog/nodes", Indexed("[]", 12)).headers,
              UnorderedElementsAre(Pair("Content-Type", "application/json"), Pair("X-Consul-Index", "12"),
                                   Pair("X-Consul-Knownleader", "true"), Pair("X-Consul-Lastcontact", "0"),
                                   Pair("X-Consul-Effective-Consistency", "leader")));
  EXPECT_THAT(Reply("GET /v1/kv/a", Indexed("[]", 12)).headers,
              UnorderedElementsAre(Pair("Content-Type", "application/json"), Pair("X-Consul-Index", "12"),
                                   Pair("X-Consul-Knownleader", "true"), Pair("X-Consul-Lastcontact", "0")));
}

TEST(ReplyTest, WritesAndReadsOfTheAgentHaveNone) {
  for (const RouteKind kind : {RouteKind::kWrite, RouteKind::kAgent}) {
    EXPECT_THAT(Reply("PUT /v1/catalog/register", Indexed("true", 12), kind).headers,
                UnorderedElementsAre(Pair("Content-Type", "application/json")));
  }
  EXPECT_THAT(Reply("PUT /v1/agent/service/register", EmptyAnswer(), RouteKind::kWrite).headers, IsEmpty());
}

TEST(ReplyTest, TheConsistencyIsTold) {
  QueryOptions options;
  options.consistency = QueryOptions::Consistency::kStale;
  EXPECT_THAT(Reply("GET /v1/health/service/web", Indexed("[]", 1), RouteKind::kRead, options).headers,
              Contains(Pair("X-Consul-Effective-Consistency", "stale")));
  options.consistency = QueryOptions::Consistency::kConsistent;
  EXPECT_THAT(Reply("GET /v1/health/service/web", Indexed("[]", 1), RouteKind::kRead, options).headers,
              Contains(Pair("X-Consul-Effective-Consistency", "consistent")));
}

TEST(ReplyTest, CachedReadsSayThatNoCacheWasUsed) {
  QueryOptions options;
  options.cached = true;
  EXPECT_THAT(Reply("GET /v1/health/service/web?cached", Indexed("[]", 1), RouteKind::kRead, options).headers,
              Contains(Pair("X-Cache", "MISS")));
  EXPECT_THAT(Reply("GET /v1/kv/a?cached", Indexed("[]", 1), RouteKind::kRead, options).headers,
              ::testing::Not(Contains(Pair("X-Cache", "MISS"))));
}

TEST(ReplyTest, TheHashOfTheContentIsTold) {
  Answer answer = JsonAnswer("{}");
  answer.hash = "abc";
  EXPECT_THAT(Reply("GET /v1/agent/service/web", answer, RouteKind::kAgent).headers,
              Contains(Pair("X-Consul-Contenthash", "abc")));
}

TEST(ReplyTest, PrettyChangesNothingButTheLayout) {
  const std::string json = R"({"a":[1,-2,18446744073709551615,0.5,0,true,null,"x\"y"],"b":{},"c":[]})";
  const std::string pretty = Reply("GET /v1/catalog/nodes?pretty", JsonAnswer(json)).body;
  std::string flat;
  for (const char c : pretty) {
    if (c != ' ' && c != '\n') flat += c;
  }
  EXPECT_EQ(flat, json);
  EXPECT_NE(pretty, json);
  EXPECT_EQ(Reply("GET /v1/kv/a?pretty", TextAnswer(400, "{bad")).body, "{bad");
}

TEST(ReplyTest, ARedirectKeepsTheQuery) {
  const auto reply = RedirectReply(Request("GET /v1//kv/a?x=1&y=2"), "/v1/kv/a b");
  EXPECT_EQ(reply.status, 301);
  EXPECT_THAT(reply.headers, Contains(Pair("Location", "/v1/kv/a%20b?x=1&y=2")));
  EXPECT_EQ(reply.body, "<a href=\"/v1/kv/a%20b?x=1&amp;y=2\">Moved Permanently</a>.\n\n");
  EXPECT_EQ(RedirectReply(Request("PUT /v1//kv/a"), "/v1/kv/a").body, "");
}

}  // namespace
}  // namespace signpost::registry
