// Signpost. Apache-2.0; see LICENSE.
// /v1/internal/ui.
#include <gmock/gmock.h>

#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Internal : public EndpointTest {
 protected:
  Internal() : EndpointTest(InternalRoutes()) {
    Write([](State& state) {
      state.Put(TestNode("u1"));
      state.Put(TestNode("u2"));
      ServiceRow first = TestService("u1", "web");
      first.tags = {"c", "a"};
      first.meta = {{"external-source", "nomad"}};
      PutService(state, first);
      ServiceRow second = TestService("u2", "web", "web1");
      second.tags = {"b", "a"};
      PutService(state, second);
      PutService(state, TestService("u2", "web", "web2"));
      ServiceRow proxy = TestService("u1", "web-proxy");
      proxy.kind = "connect-proxy";
      proxy.proxy_destination = "web";
      PutService(state, proxy);
      PutCheck(state, TestCheck("u1", "c", "web", "critical"));
      PutCheck(state, TestCheck("u2", "node", "", "warning"));
    });
  }
};

TEST_F(Internal, ServicesAreSummedUpByName) {
  EXPECT_EQ(Get("/v1/internal/ui/services").body,
            R"([{"Name":"web","Tags":["a","b","c"],"Nodes":["u1","u2","u2"],"InstanceCount":3,"ChecksPassing":0,)"
            R"("ChecksWarning":2,"ChecksCritical":1,"ExternalSources":["nomad"],"GatewayConfig":{}},)"
            R"({"Kind":"connect-proxy","Name":"web-proxy","Tags":null,"Nodes":["u1"],"InstanceCount":1,)"
            R"("ProxyFor":["web"],"ChecksPassing":0,"ChecksWarning":0,"ChecksCritical":0,"ExternalSources":null,)"
            R"("GatewayConfig":{}}])");
}

TEST_F(Internal, AFilterCountsOnlyTheInstancesThatFit) {
  EXPECT_EQ(Get("/v1/internal/ui/services?filter=Service.ID==web1").body,
            R"([{"Name":"web","Tags":["a","b"],"Nodes":["u2"],"InstanceCount":1,"ChecksPassing":0,)"
            R"("ChecksWarning":1,"ChecksCritical":0,"ExternalSources":null,"GatewayConfig":{}}])");
  EXPECT_EQ(Get("/v1/internal/ui/services?filter=Service.ID==none").body, "[]");
  EXPECT_EQ(Get("/v1/internal/ui/services?filter=Nonsense==1").status, 500);
}

TEST_F(Internal, NodesHaveTheirServicesAndChecksAndNoDatacenter) {
  const Answer answer = Get("/v1/internal/ui/nodes");
  EXPECT_EQ(Column(answer.body, "Node"), "own u1 u2");
  EXPECT_THAT(answer.body, Not(HasSubstr("Datacenter")));
  EXPECT_THAT(answer.body, HasSubstr(R"("ID":"web2","Service":"web","Tags":null)"));
  EXPECT_EQ(Column(Get("/v1/internal/ui/nodes?filter=Node==u2").body, "Node"), "u2");
}

TEST_F(Internal, OneNode) {
  EXPECT_THAT(Get("/v1/internal/ui/node/U1").body, HasSubstr(R"("Node":"u1")"));
  const Answer absent = Get("/v1/internal/ui/node/absent");
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(absent.body, "");
  EXPECT_FALSE(absent.index);
  EXPECT_EQ(Get("/v1/internal/ui/node/").body, "Missing node name");
}

TEST_F(Internal, AnyChangeOfTheCatalogIsNews) {
  for (const char* path : {"nodes", "services"}) {
    const Answer before = Get("/v1/internal/ui/" + std::string(path));
    bool woken = false;
    const auto watch = engine.watches().Add(before.topics, [&woken] { woken = true; });
    Write([path](State& state) { PutCheckStatus(state, "u1", "c", "passing", path); });
    EXPECT_TRUE(woken);
    EXPECT_GT(Get("/v1/internal/ui/" + std::string(path)).index, before.index);
  }
}

}  // namespace
}  // namespace signpost::registry
