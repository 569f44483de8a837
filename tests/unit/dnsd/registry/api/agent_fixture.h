// Signpost. Apache-2.0; see LICENSE.
// The agent's endpoints over an engine that keeps nothing, asked as the dispatcher asks them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "common/json/json.h"
#include "common/net/loop.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/engine/engine.h"
#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {

class AgentApiTest : public testing::Test {
 protected:
  AgentApiTest() : engine_(loop_, SystemClock(), Options(), OwnNode(), {}) {
    engine_.Commit([](const Status& /*status*/) {});
  }

  // `target`: path and query.
  Answer Ask(const std::string& method, const std::string& target, std::string body = "") {
    http::ServerRequest request;
    request.method = method;
    request.path = request.raw_path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    request.body = std::move(body);
    const auto matches = Match(routes_, request.path);
    const auto route = std::find_if(matches.begin(), matches.end(),
                                    [&](const Route* candidate) { return candidate->method == method; });
    if (route == matches.end()) return TextAnswer(matches.empty() ? 404 : 405, "no such endpoint");
    const std::string_view pattern = (*route)->pattern;
    QueryOptions options;
    options.filter = request.Param("filter").value_or("");
    const Call call{.request = request,
                    .rest = pattern.ends_with('*') ? request.path.substr(pattern.size() - 1) : "",
                    .options = options};
    if ((*route)->kind != RouteKind::kWrite) return (*route)->handle(engine_, call);
    engine_.state().BeginWrite();
    Answer answer = (*route)->handle(engine_, call);
    engine_.Commit([](const Status& status) { EXPECT_TRUE(status.ok()); });
    return answer;
  }

  Answer Put(const std::string& target, std::string body = "") { return Ask("PUT", target, std::move(body)); }
  Answer Get(const std::string& target) { return Ask("GET", target); }
  // "200" or "400 text".
  static std::string Line(const Answer& answer) {
    return std::to_string(answer.status) + (answer.body.empty() ? "" : " " + answer.body);
  }
  // The body of a GET.
  json::Document Json(const std::string& target) {
    auto document = json::Document::Parse(Get(target).body);
    EXPECT_TRUE(document.ok()) << target;
    return std::move(document).value();
  }

  net::Loop loop_;
  Engine engine_;

 private:
  static EngineOptions Options() {
    EngineOptions options;
    options.node = "n1";
    options.node_id = "0f";
    options.address = "10.0.0.1";
    return options;
  }
  static State OwnNode() {
    State state;
    NodeRow node;
    node.node.name = "n1";
    node.node.address = "10.0.0.1";
    node.node.meta = {{"consul-network-segment", ""}};
    state.BeginWrite();
    state.Put(node);
    ServiceRow consul;
    consul.node = "n1";
    consul.id = consul.service = "consul";
    PutService(state, consul);
    CheckRow alive;
    alive.node = "n1";
    alive.check_id = "serfHealth";
    alive.status = kPassing;
    PutCheck(state, alive);
    return state;
  }

  const Routes routes_ = AgentRoutes();
};

}  // namespace signpost::registry
