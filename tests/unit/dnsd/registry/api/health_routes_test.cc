// Signpost. Apache-2.0; see LICENSE.
// /v1/health: instances with the checks that count for them, and lists of checks.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;
using Kind = Topic::Kind;

class Health : public EndpointTest {
 protected:
  Health() : EndpointTest(HealthRoutes()) {
    Write([](State& state) {
      for (const char* name : {"fine", "warns", "ill-node", "bare"}) {
        NodeRow node = TestNode(name);
        node.node.meta = {{"kind", name}};
        state.Put(node);
        ServiceRow web = TestService(name, "web");
        web.tags = {std::string("on-") + name, "All"};
        PutService(state, web);
      }
      PutCheck(state, TestCheck("fine", "c", "web"));
      PutCheck(state, TestCheck("fine", "node"));
      PutCheck(state, TestCheck("warns", "c", "web", "warning"));
      PutCheck(state, TestCheck("ill-node", "node", "", "critical"));
      PutCheck(state, TestCheck("ill-node", "c", "web"));
    });
  }
};

TEST_F(Health, ParametersSelectInstances) {
  struct Case {
    const char* query;
    const char* nodes;
  };
  const Case cases[] = {
      {"", "bare fine ill-node warns"},
      {"?passing", "bare fine"},
      {"?passing=", "bare fine"},
      {"?passing=true", "bare fine"},
      {"?passing=1", "bare fine"},
      {"?passing=0", "bare fine ill-node warns"},
      {"?passing=False", "bare fine ill-node warns"},
      {"?tag=on-FINE", "fine"},
      {"?tag=all&tag=on-warns", "warns"},
      {"?tag=", ""},
      {"?node-meta=kind:bare", "bare"},
      {"?passing&node-meta=kind:warns", ""},
      {"?filter=Checks.Status==critical", "ill-node"},
      {"?filter=not%20Checks.Status==passing", "bare warns"},
      {"?near=warns", "bare fine ill-node warns"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(Column(Get(std::string("/v1/health/service/web") + each.query).body, "Node.Node"), each.nodes)
        << each.query;
  }
}

TEST_F(Health, AnInstanceShowsTheNodesChecksThenItsOwn) {
  const Answer answer = Get("/v1/health/service/web?node-meta=kind:ill-node");
  const auto document = json::Document::Parse(answer.body);
  ASSERT_TRUE(document.ok());
  const json::Value checks = document->root().At(0)["Checks"];
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks.At(0)["CheckID"].String(), "node");
  EXPECT_EQ(checks.At(1)["CheckID"].String(), "c");
  EXPECT_EQ(checks.At(1)["ServiceName"].String(), "web");
  EXPECT_THAT(Get("/v1/health/service/web?node-meta=kind:bare").body, HasSubstr(R"("Checks":[])"));
}

TEST_F(Health, ChecksAreListedByNodeServiceAndState) {
  struct Case {
    const char* path;
    const char* checks;  // "node:ID"
  };
  const Case cases[] = {
      {"node/fine", "c node"},
      {"node/FINE", "c node"},
      {"node/bare", ""},
      {"node/absent", ""},
      {"checks/WEB", "c c c"},
      {"checks/absent", ""},
      {"checks/web?node-meta=kind:fine", "c"},
      {"state/any", "c node c node c"},
      {"state/critical", "node"},
      {"state/warning", "c"},
      {"state/Critical", ""},
      {"state/any?node-meta=kind:ill-node", "c node"},
      {"state/any?filter=Node==warns", "c"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(Column(Get("/v1/health/" + std::string(each.path)).body, "CheckID"), each.checks) << each.path;
  }
}

TEST_F(Health, TheOwnNodeComesFirstIfNearAsksForIt) {
  Write([](State& state) { PutCheck(state, TestCheck("own", "z")); });
  EXPECT_EQ(Column(Get("/v1/health/state/any?near=_agent").body, "Node"), "own fine fine ill-node ill-node warns");
}

TEST_F(Health, WhatIsMissingOrUnreadableIsRefused) {
  struct Case {
    const char* path;
    int status;
    const char* text;
  };
  const Case cases[] = {
      {"service/", 400, "Missing service name"},
      {"connect/", 400, "Missing service name"},
      {"ingress/", 400, "Missing service name"},
      {"checks/", 400, "Missing service name"},
      {"node/", 400, "Missing node name"},
      {"state/", 400, "Missing check state"},
      {"service/web?passing=maybe", 400, "Invalid value for ?passing"},
      {"connect/absent?passing=2", 400, "Invalid value for ?passing"},
  };
  for (const Case& each : cases) {
    const Answer answer = Get("/v1/health/" + std::string(each.path));
    EXPECT_EQ(answer.status, each.status) << each.path;
    EXPECT_EQ(answer.body, each.text) << each.path;
  }
  for (const char* path : {"service/absent", "ingress/web", "node/absent", "checks/web", "state/any"}) {
    EXPECT_EQ(Get("/v1/health/" + std::string(path) + "?filter=(").status, 500) << path;
  }
}

TEST_F(Health, NoGatewayLeadsAnywhere) {
  const Answer answer = Get("/v1/health/ingress/web");
  EXPECT_EQ(answer.body, "[]");
  EXPECT_EQ(answer.index, 1U);
}

TEST_F(Health, AReplyIsWokenByWhatItShows) {
  struct Case {
    const char* path;
    const char* check;  // of node "fine" that changes
    bool moves;
  };
  const Case cases[] = {
      {"service/web", "c", true},    {"service/web", "node", true}, {"checks/web", "c", true},
      {"node/fine", "node", true},   {"state/any", "c", true},      {"service/absent", "c", true},
      {"service/other", "c", false},
  };
  Write([](State& state) { PutService(state, TestService("own", "other")); });
  int change = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.path);
    const std::string path = "/v1/health/" + std::string(each.path);
    const Answer before = Get(path);
    bool woken = false;
    const auto watch = engine.watches().Add(before.topics, [&woken] { woken = true; });
    Write([&](State& state) { PutCheckStatus(state, "fine", each.check, "warning", std::to_string(++change)); });
    const bool moved = Get(path).index.value() > before.index.value();
    EXPECT_EQ(moved, each.moves);
    EXPECT_EQ(woken, each.moves && std::string_view(each.path) != "service/absent");
  }
}

// Five thousand instances take no more per instance than five hundred, with much room for a busy machine.
TEST_F(Health, AListOfManyInstancesTakesLinearTime) {
  const auto read = [this](const std::string& name, int count) {
    Write([&](State& state) {
      for (int i = 0; i < count; ++i) {
        PutService(state, TestService("fine", name, name + std::to_string(i)));
        PutCheck(state, TestCheck("fine", name + "-check" + std::to_string(i), name + std::to_string(i)));
      }
    });
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < 3; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      const Answer answer = Get("/v1/health/service/" + name + "?passing");
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
      EXPECT_GT(answer.body.size(), static_cast<size_t>(count) * 500);
    }
    return best / count;
  };
  const auto few = read("few", 500);
  EXPECT_LT(read("many", 5000).count(), few.count() * 4);
}

}  // namespace
}  // namespace signpost::registry
