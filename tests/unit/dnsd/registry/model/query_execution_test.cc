// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_execution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/query_template.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// web on three nodes: passing, warning, critical.
class QueryExecution : public ::testing::Test {
 protected:
  QueryExecution() {
    NodeRow racked = TestNode("n1");
    racked.node.meta = {{"rack", "1"}};
    state.Put(racked);
    state.Put(TestNode("n2"));
    state.Put(TestNode("n3"));
    Add("n1", {"A", "v1"}, {{"m", "1"}}, kPassing);
    Add("n2", {"a", "v2"}, {{"m", "2"}}, kWarning);
    Add("n3", {}, {}, kCritical);
  }
  void Add(const std::string& node, Strings tags, StringPairs meta, std::string_view status) {
    ServiceRow row = TestService(node, "web");
    row.tags = std::move(tags);
    row.meta = std::move(meta);
    PutService(state, row);
    PutCheck(state, TestCheck(node, "c", "web", std::string(status)));
  }
  static QueryRow Web() {
    QueryRow query;
    query.service = "WEB";
    return query;
  }
  Strings Nodes(const QueryRow& query) const {
    Strings nodes;
    for (const auto& row : ExecuteQuery(state, query)) nodes.push_back(row->node);
    return nodes;
  }
  void PutNamed(const std::string& id, const std::string& name, const std::string& service, bool is_template) {
    QueryRow query;
    query.id = id;
    query.name = name;
    query.service = service;
    if (is_template) query.template_type = kNamePrefixMatch;
    state.Put(query);
  }
  // The service that the query resolves to, or why it does not.
  std::string Resolved(const std::string& name) const {
    const auto query = ResolveQuery(state, name);
    return query.ok() ? query->service : query.status().text();
  }

  State state;
};

TEST_F(QueryExecution, CriticalOnesAreLeftOut) { EXPECT_THAT(Nodes(Web()), ElementsAre("n1", "n2")); }

TEST_F(QueryExecution, OnlyPassing) {
  QueryRow query = Web();
  query.only_passing = true;
  EXPECT_THAT(Nodes(query), ElementsAre("n1"));
}

TEST_F(QueryExecution, IgnoredChecksDoNotCount) {
  QueryRow query = Web();
  query.only_passing = true;
  query.ignore_check_ids = {"c"};
  EXPECT_THAT(Nodes(query), ElementsAre("n1", "n2", "n3"));
  PutCheck(state, TestCheck("n2", "of-node", "", std::string(kCritical)));
  EXPECT_THAT(Nodes(query), ElementsAre("n1", "n3")) << "checks of the node count too";
}

TEST_F(QueryExecution, TagsWantedAndUnwanted) {
  QueryRow query = Web();
  query.tags = {"a", "!V2"};
  EXPECT_THAT(Nodes(query), ElementsAre("n1"));
  query.tags = {"a", "absent"};
  EXPECT_THAT(Nodes(query), IsEmpty());
}

TEST_F(QueryExecution, Metadata) {
  QueryRow query = Web();
  query.node_meta = {{"rack", "1"}};
  EXPECT_THAT(Nodes(query), ElementsAre("n1"));
  query = Web();
  query.service_meta = {{"m", "2"}};
  EXPECT_THAT(Nodes(query), ElementsAre("n2"));
}

TEST_F(QueryExecution, ConnectFindsTheProxies) {
  QueryRow query = Web();
  query.connect = true;
  EXPECT_THAT(Nodes(query), IsEmpty());
  ServiceRow proxy = TestService("n2", "web-proxy");
  proxy.kind = "connect-proxy";
  proxy.proxy_destination = "web";
  PutService(state, proxy);
  EXPECT_THAT(Nodes(query), ElementsAre("n2"));
}

TEST_F(QueryExecution, TheOwnNodeIsNear) {
  for (const char* near : {"_agent", "N2"}) {
    RowList<ServiceRow> rows = ExecuteQuery(state, Web());
    EXPECT_TRUE(OrderByNearness(rows, near, "n2")) << near;
    EXPECT_EQ(rows.front()->node, "n2") << near;
  }
  for (const char* near : {"", "n3", "_ip"}) {
    RowList<ServiceRow> rows = ExecuteQuery(state, Web());
    EXPECT_FALSE(OrderByNearness(rows, near, "n2")) << near;
    EXPECT_EQ(rows.front()->node, "n1") << near;
  }
}

TEST_F(QueryExecution, ResolvingByIdAndName) {
  const std::string id = "9f1de9a5-0000-4000-8000-00000000000a";
  const std::string other = "9f1de9a5-0000-4000-8000-00000000000b";
  PutNamed(id, "Front", "web", false);
  PutNamed(other, "t-", "x-${name.suffix}", true);
  EXPECT_EQ(Resolved("front"), "web");
  EXPECT_EQ(Resolved("9F1DE9A5-0000-4000-8000-00000000000A"), "web");
  EXPECT_EQ(Resolved("fron"), "Query not found");
  EXPECT_EQ(Resolved(""), "Query not found");
  EXPECT_EQ(Resolved("t-db"), "x-db");
  EXPECT_EQ(Resolved(other), "prepared query templates can only be resolved up by name, not by ID");
}

TEST_F(QueryExecution, TheLongestTemplateWins) {
  PutNamed("q1", "", "all-${name.full}", true);
  PutNamed("q2", "t-", "t-${name.suffix}", true);
  PutNamed("q3", "T-long", "long-${name.suffix}", true);
  PutNamed("q4", "t-plain", "plain", false);
  EXPECT_EQ(Resolved("anything"), "all-anything");
  EXPECT_EQ(Resolved("t-x"), "t-x");
  EXPECT_EQ(Resolved("T-longer"), "long-er");
  EXPECT_EQ(Resolved("t-plain"), "plain") << "an exact name comes first";
  EXPECT_EQ(Resolved("t-plainer"), "t-plainer") << "what is no template stands for its own name only";
}

}  // namespace
}  // namespace signpost::registry
