// Signpost. Apache-2.0; see LICENSE.
// What a single server says of itself, and what it does not serve.
#include <gmock/gmock.h>

#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;

class StatusEndpoints : public EndpointTest {
 protected:
  StatusEndpoints() : EndpointTest(StatusRoutes()) {}
};

TEST_F(StatusEndpoints, ItLeadsItself) {
  EXPECT_EQ(Get("/v1/status/leader").body, R"("127.0.0.1:8300")");
  EXPECT_EQ(Get("/v1/status/peers?dc=dc1").body, R"(["127.0.0.1:8300"])");
  EXPECT_EQ(Get("/v1/catalog/datacenters").body, R"(["dc1"])");
  EXPECT_THAT(Get("/v1/operator/raft/configuration").body, HasSubstr(R"("Address":"127.0.0.1:8300","Leader":true)"));
}

TEST_F(StatusEndpoints, AnotherDatacenterIsNowhere) {
  for (const char* path : {"/v1/status/leader", "/v1/status/peers", "/v1/operator/raft/configuration"}) {
    const Answer answer = Get(std::string(path) + "?dc=nowhere");
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_EQ(answer.body, "No path to datacenter") << path;
  }
}

TEST_F(StatusEndpoints, OnlyTheOwnNodeHasCoordinates) {
  const std::string list =
      R"([{"Node":"own","Segment":"","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":0.00001}}])";
  EXPECT_EQ(Get("/v1/coordinate/nodes").body, list);
  EXPECT_EQ(Get("/v1/coordinate/node/own").body, list);
  EXPECT_EQ(Get("/v1/coordinate/nodes?segment=x").body, "[]");
  EXPECT_EQ(Get("/v1/coordinate/node/absent").status, 404);
  EXPECT_EQ(Get("/v1/coordinate/datacenters").body,
            R"([{"Datacenter":"dc1","AreaID":"wan","Coordinates":)" + list + "}]");
  EXPECT_EQ(Put("/v1/coordinate/update", "{}").status, 200);
}

TEST_F(StatusEndpoints, WhatIsNotServedIsRefusedAsConsulDoesOrSaysSo) {
  struct Case {
    const char* method;
    const char* path;
    int status;
    const char* text;
  };
  const Case cases[] = {
      {"GET", "/v1/acl/tokens", 401, "ACL support disabled"},
      {"DELETE", "/v1/acl/token/x", 401, "ACL support disabled"},
      {"GET", "/v1/acl/token/self", 401, "ACL support disabled"},
      {"PUT", "/v1/acl/bootstrap", 401, "ACL support disabled"},
      {"GET", "/v1/connect/ca/roots", 500, "Connect must be enabled in order to use this endpoint"},
      {"GET", "/v1/agent/connect/ca/leaf/web", 500, "Connect must be enabled in order to use this endpoint"},
      {"GET", "/v1/config/service-defaults/web", 404, "Config entry not found for \"service-defaults\" / \"web\""},
      {"PUT", "/v1/config", 501, "not served by the embedded registry: /v1/config"},
      {"GET", "/v1/snapshot", 501, "not served by the embedded registry: /v1/snapshot"},
      {"POST", "/v1/connect/intentions", 501, "not served by the embedded registry: /v1/connect/intentions"},
  };
  for (const Case& each : cases) {
    const Answer answer = Call(each.method, each.path);
    EXPECT_EQ(answer.status, each.status) << each.path;
    EXPECT_EQ(answer.body, each.text) << each.path;
  }
  EXPECT_EQ(Get("/v1/config/service-defaults").body, "[]");
  EXPECT_EQ(Get("/v1/connect/intentions").body, "[]");
}

}  // namespace
}  // namespace signpost::registry
