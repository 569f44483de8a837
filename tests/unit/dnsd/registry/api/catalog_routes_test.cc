// Signpost. Apache-2.0; see LICENSE.
// /v1/catalog: what is written can be read back, selected and waited for.
#include <gmock/gmock.h>

#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;
using Kind = Topic::Kind;

class Catalog : public EndpointTest {
 protected:
  Catalog() : EndpointTest(CatalogRoutes()) {
    Register(R"({"Node":"n2","Address":"10.0.0.2","NodeMeta":{"rack":"r2"},
                 "Service":{"Service":"web","Port":80,"Tags":["b","Common"]}})");
    Register(R"({"Node":"n1","Address":"10.0.0.1","NodeMeta":{"rack":"r1"},
                 "Service":{"Service":"web","Port":81,"Tags":["a","common"]}})");
    Register(R"({"node":"own","address":"127.0.0.1","service":{"service":"web","port":82}})");
  }
  void Register(const std::string& body) {
    const Answer answer = Put("/v1/catalog/register", body);
    EXPECT_EQ(answer.body, "true") << body;
  }
};

TEST_F(Catalog, ListsComeInOrderOfNodes) {
  EXPECT_EQ(Column(Get("/v1/catalog/nodes").body, "Node"), "n1 n2 own");
  EXPECT_EQ(Column(Get("/v1/catalog/service/WEB").body, "Node"), "n1 n2 own");
  EXPECT_EQ(Get("/v1/catalog/services").body, R"({"web":["Common","a","b","common"]})");
}

TEST_F(Catalog, ParametersSelect) {
  struct Case {
    const char* query;
    const char* nodes;
  };
  const Case cases[] = {
      {"", "n1 n2 own"},
      {"?tag=a", "n1"},
      {"?tag=COMMON", "n1 n2"},
      {"?tag=common&tag=b", "n2"},
      {"?tag=", ""},
      {"?node-meta=rack:r2", "n2"},
      {"?node-meta=rack:r2&node-meta=rack:r1", ""},
      {"?near=own", "own n1 n2"},
      {"?near=_agent", "own n1 n2"},
      {"?near=n2", "n1 n2 own"},
      {"?filter=ServicePort==80", "n2"},
      {"?filter=NodeMeta.rack==r1&tag=b", ""},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(Column(Get(std::string("/v1/catalog/service/web") + each.query).body, "Node"), each.nodes) << each.query;
  }
  EXPECT_EQ(Column(Get("/v1/catalog/nodes?near=own&filter=Node!=n1").body, "Node"), "own n2");
  EXPECT_EQ(Column(Get("/v1/catalog/nodes?node-meta=rack:r1").body, "Node"), "n1");
  EXPECT_EQ(Get("/v1/catalog/services?node-meta=rack:r1").body, R"({"web":["a","common"]})");
}

TEST_F(Catalog, ABadFilterIsAnErrorWhateverIsListed) {
  for (const char* path : {"nodes", "service/absent", "connect/web", "node/n1", "node-services/absent"}) {
    const Answer answer = Get("/v1/catalog/" + std::string(path) + "?filter=%3D%3D");
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_THAT(answer.body, HasSubstr("Failed to create boolean expression evaluator: ")) << path;
    EXPECT_FALSE(answer.index) << path;
  }
}

TEST_F(Catalog, ANodeIsFoundByNameOrByTheBeginningOfItsId) {
  Register(R"({"Node":"with-id","Address":"10.0.0.9","ID":"AB1de9a5-0000-4000-8000-000000000001"})");
  for (const char* name : {"with-id", "WITH-ID", "ab1de9a5-0000-4000-8000-000000000001", "ab"}) {
    EXPECT_THAT(Get("/v1/catalog/node/" + std::string(name)).body, HasSubstr(R"("Node":"with-id")")) << name;
  }
  for (const char* name : {"a", "ac", "9f1de9a5-0000-4000-8000-00000000000e"}) {
    EXPECT_EQ(Get("/v1/catalog/node/" + std::string(name)).body, "null") << name;
    EXPECT_EQ(Get("/v1/catalog/node-services/" + std::string(name)).body, R"({"Node":null,"Services":null})") << name;
  }
}

TEST_F(Catalog, TheServicesOfANodeAreAMapOrAList) {
  EXPECT_THAT(Get("/v1/catalog/node/n1").body, HasSubstr(R"("Services":{"web":{"ID":"web","Service":"web")"));
  EXPECT_THAT(Get("/v1/catalog/node-services/n1").body, HasSubstr(R"("Services":[{"ID":"web","Service":"web")"));
  EXPECT_THAT(Get("/v1/catalog/node/n1?filter=Port==1").body, HasSubstr(R"("Services":{}})"));
  EXPECT_THAT(Get("/v1/catalog/node-services/n1?filter=Port==1").body, HasSubstr(R"("Services":[]})"));
}

TEST_F(Catalog, ANodeWithoutServicesHasAnEmptyMapButNoList) {
  Register(R"({"Node":"bare","Address":"10.0.0.9"})");
  EXPECT_THAT(Get("/v1/catalog/node/bare").body, HasSubstr(R"("Services":{}})"));
  EXPECT_THAT(Get("/v1/catalog/node-services/bare").body, HasSubstr(R"("Services":null})"));
  EXPECT_THAT(Get("/v1/catalog/node-services/bare?filter=Port==1").body, HasSubstr(R"("Services":[]})"));
}

TEST_F(Catalog, ANameIsNeeded) {
  for (const char* path : {"service/", "connect/"}) {
    EXPECT_EQ(Get("/v1/catalog/" + std::string(path)).body, "Missing service name");
  }
  for (const char* path : {"node/", "node-services/"}) {
    EXPECT_EQ(Get("/v1/catalog/" + std::string(path)).body, "Missing node name");
  }
}

TEST_F(Catalog, ConnectListsProxiesWhateverTheirTags) {
  Register(R"({"Node":"n1","Address":"10.0.0.1","NodeMeta":{"rack":"r1"},"Service":{"Service":"side","Port":5,
               "Kind":"connect-proxy","Proxy":{"DestinationServiceName":"web"}}})");
  EXPECT_EQ(Column(Get("/v1/catalog/connect/web?tag=x").body, "ServiceName"), "side");
  EXPECT_EQ(Get("/v1/catalog/connect/web").topics, (Topics{{Kind::kConnect, "web"}}));
}

// Reads whose index a write moves, and which topic it touches for them.
TEST_F(Catalog, WhatChangesARepliesIndexIsAmongItsTopics) {
  struct Case {
    const char* path;
    const char* body;
    bool moves;
  };
  const Case cases[] = {
      {"nodes", R"({"Node":"n9","Address":"10.0.0.9"})", true},
      {"nodes", R"({"Node":"n1","Address":"10.0.0.1","NodeMeta":{"rack":"r1"},"Service":{"Service":"x1"}})", false},
      {"services", R"({"Node":"n1","Address":"10.0.0.1","NodeMeta":{"rack":"r1"},"Service":{"Service":"x2"}})", true},
      {"services", R"({"Node":"n9","Address":"10.0.0.8"})", false},
      {"services?node-meta=rack:r1", R"({"Node":"n9","Address":"10.0.0.7"})", true},
      {"service/web", R"({"Node":"n1","Address":"10.0.0.77","NodeMeta":{"rack":"r1"}})", true},
      {"service/web", R"({"Node":"n1","Address":"10.0.0.77","NodeMeta":{"rack":"r1"},"Service":{"Service":"x3"}})",
       false},
      {"service/absent", R"({"Node":"n9","Address":"10.0.0.7","Service":{"Service":"absent"}})", true},
      {"node/n2", R"({"Node":"n2","Address":"10.0.0.2","NodeMeta":{"rack":"r2"},"Check":{"Name":"c"}})", true},
      {"node/n2", R"({"Node":"n9","Address":"10.0.0.6"})", false},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.path) + " " + each.body);
    const std::string path = "/v1/catalog/" + std::string(each.path);
    const Answer before = Get(path);
    bool woken = false;
    const auto watch = engine.watches().Add(before.topics, [&woken] { woken = true; });
    Register(each.body);
    EXPECT_EQ(Get(path).index.value() > before.index.value(), each.moves);
    EXPECT_TRUE(woken || !each.moves);
  }
}

TEST_F(Catalog, DeregisteringTakesEffect) {
  EXPECT_EQ(Put("/v1/catalog/deregister", R"({"Node":"n1","ServiceID":"web"})").body, "true");
  EXPECT_EQ(Column(Get("/v1/catalog/service/web").body, "Node"), "n2 own");
  EXPECT_EQ(Put("/v1/catalog/deregister", R"({"Node":"n2"})").body, "true");
  EXPECT_EQ(Column(Get("/v1/catalog/nodes").body, "Node"), "n1 own");
  EXPECT_EQ(Put("/v1/catalog/deregister", R"({"Node":"never-was"})").body, "true");
}

TEST_F(Catalog, RefusalsHaveConsulsStatus) {
  struct Case {
    const char* path;
    const char* body;
    int status;
    const char* text;
  };
  const Case cases[] = {
      {"register", "", 400, "Request decode failed: EOF"},
      {"register", R"({"Node":"x","Datacenter":"dc2"})", 500, "No path to datacenter"},
      {"register", R"({"Node":"x"})", 500, "Must provide address if SkipNodeUpdate is not set"},
      {"register", R"({"Node":"x","Address":"1","Check":{"Name":"c","ServiceID":"s"}})", 500,
       "failed inserting check: Missing service registration on node \"x\""},
      {"deregister", "[]", 400,
       "Request decode failed: json: cannot unmarshal array into Go value of type struct { Address string; "
       "*structs.Alias }"},
      {"deregister", R"({"Datacenter":"dc2"})", 500, "No path to datacenter"},
      {"deregister", "{}", 500, "Must provide node"},
  };
  for (const Case& each : cases) {
    const Answer answer = Put("/v1/catalog/" + std::string(each.path), each.body);
    EXPECT_EQ(answer.status, each.status) << each.body;
    EXPECT_EQ(answer.body, each.text) << each.body;
  }
  EXPECT_EQ(Column(Get("/v1/catalog/nodes").body, "Node"), "n1 n2 own");
}

}  // namespace
}  // namespace signpost::registry
