// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/query_options.h"

#include <gtest/gtest.h>

#include "tests/unit/dnsd/registry/api/api_fixture.h"

namespace signpost::registry {
namespace {

using Consistency = QueryOptions::Consistency;
using std::chrono::minutes;
using std::chrono::seconds;

class QueryOptionsTest : public ::testing::Test {
 protected:
  QueryOptionsTest() { own.node = "own"; }
  // The refusal's status and text, or "".
  std::string Read(const std::string& query, RouteKind kind = RouteKind::kRead,
                   const std::string& path = "/v1/health/service/web") {
    options = {};
    const auto refused = ReadQueryOptions(Request("GET " + path + "?" + query), kind, own, options);
    return refused ? std::to_string(refused->status) + " " + refused->body : "";
  }

  EngineOptions own;
  QueryOptions options;
};

TEST_F(QueryOptionsTest, WhatIsGivenIsRead) {
  EXPECT_EQ(Read("index=7&wait=1m30s&near=n2&node-meta=a:b&node-meta=c&filter=x+%3D%3D+1&cached"), "");
  EXPECT_EQ(options.index, 7U);
  EXPECT_EQ(options.wait, Millis(90000));
  EXPECT_EQ(options.near, "n2");
  EXPECT_EQ(options.filter, "x == 1");
  EXPECT_TRUE(options.cached);
  ASSERT_EQ(options.node_meta.size(), 2U);
  EXPECT_EQ(options.node_meta[0], std::pair(std::string("a"), std::string("b")));
  EXPECT_EQ(options.node_meta[1], std::pair(std::string("c"), std::string("")));
}

TEST_F(QueryOptionsTest, WhatIsNotGivenHasItsDefault) {
  EXPECT_EQ(Read("index=&wait="), "");
  EXPECT_EQ(options.index, 0U);
  EXPECT_EQ(options.wait, Millis(0));
  EXPECT_EQ(options.datacenter, "dc1");
  EXPECT_EQ(options.consistency, Consistency::kDefault);
  EXPECT_FALSE(options.cached);
}

TEST_F(QueryOptionsTest, ConsistencyIsOneOfThree) {
  EXPECT_EQ(Read("stale"), "");
  EXPECT_EQ(options.consistency, Consistency::kStale);
  EXPECT_EQ(Read("consistent="), "");
  EXPECT_EQ(options.consistency, Consistency::kConsistent);
  EXPECT_EQ(Read("stale&cached"), "");
}

TEST_F(QueryOptionsTest, NearMyselfIsTheOwnNode) {
  EXPECT_EQ(Read("near=_agent"), "");
  EXPECT_EQ(options.near, "own");
}

TEST_F(QueryOptionsTest, WhatConsulRefuses) {
  const struct {
    const char *query, *says;
  } cases[] = {
      {"index=1x", "400 Invalid index"},
      {"index=-1", "400 Invalid index"},
      {"index=99999999999999999999", "400 Invalid index"},
      {"index=1&wait=2", "400 Invalid wait time"},
      {"wait=x", "400 Invalid wait time"},
      {"stale&consistent", "400 Cannot specify ?stale with ?consistent, conflicting semantics."},
      {"cached&consistent", "400 Cannot specify ?cached with ?consistent, conflicting semantics."},
      {"dc=elsewhere", "500 No path to datacenter"},
      {"dc=DC1", "500 No path to datacenter"},
      {"ns=default", "400 Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature"},
  };
  for (const auto& each : cases) EXPECT_EQ(Read(each.query), each.says) << each.query;
  EXPECT_EQ(Read("ns=default", RouteKind::kRead, "/v1/catalog/nodes"), "");
  EXPECT_EQ(Read("dc=dc1"), "");
}

TEST_F(QueryOptionsTest, TheAgentItselfTakesNoConsistency) {
  EXPECT_EQ(Read("stale&consistent&dc=elsewhere", RouteKind::kAgent, "/v1/agent/services"), "");
  EXPECT_EQ(Read("wait=2", RouteKind::kAgent, "/v1/agent/service/web"), "400 Invalid wait time");
}

TEST_F(QueryOptionsTest, WaitsAreBoundedAndSpread) {
  EXPECT_EQ(WaitLimit(Millis(0), 0), minutes(5));
  EXPECT_EQ(WaitLimit(Millis(-5), 0), minutes(5));
  EXPECT_EQ(WaitLimit(seconds(16), 0), seconds(16));
  EXPECT_EQ(WaitLimit(seconds(16), 0.5), Millis(16500));
  EXPECT_LT(WaitLimit(seconds(16), 0.9999), seconds(17));
  EXPECT_EQ(WaitLimit(std::chrono::hours(20), 0), minutes(10));
}

}  // namespace
}  // namespace signpost::registry
