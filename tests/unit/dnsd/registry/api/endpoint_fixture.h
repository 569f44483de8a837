// Signpost. Apache-2.0; see LICENSE.
// An engine without disk, and requests to the endpoints of one area as the API would make them.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/json/json.h"
#include "common/net/loop.h"
#include "dnsd/registry/api/query_options.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/engine/engine.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {

class EndpointTest : public ::testing::Test {
 protected:
  explicit EndpointTest(Routes served)
      : engine(loop, SystemClock(), {.node = "own", .node_id = kOwnId, .address = "127.0.0.1"}, OwnState(), {}),
        routes(std::move(served)) {}

  // `target` is a path, perhaps with a query. Status 404 and no content type: there is no such endpoint.
  Answer Call(std::string_view method, std::string_view target, std::string body = "") {
    http::ServerRequest request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    request.raw_path = request.path;
    if (target.find('?') != std::string_view::npos) request.query = target.substr(target.find('?') + 1);
    request.body = std::move(body);
    for (const Route* route : Match(routes, request.path)) {
      if (route->method == method) return Handle(*route, request);
    }
    ADD_FAILURE() << "no endpoint for " << method << " " << target;
    return {};
  }
  Answer Get(std::string_view target) { return Call("GET", target); }
  Answer Put(std::string_view target, std::string body) { return Call("PUT", target, std::move(body)); }

  // For setting up: one write.
  template <typename Change>
  void Write(const Change& change) {
    engine.state().BeginWrite();
    change(engine.state());
    engine.Commit([](const Status& status) { EXPECT_TRUE(status.ok()); });
  }

  static constexpr const char* kOwnId = "9f1de9a5-0000-4000-8000-00000000000f";
  net::Loop loop;
  Engine engine;

 private:
  static State OwnState() {
    State state;
    state.BeginWrite();
    state.Put(TestNode("own", "127.0.0.1", kOwnId));
    return state;
  }
  Answer Handle(const Route& route, const http::ServerRequest& request) {
    registry::Call call{request, {}, {}};
    if (route.pattern.ends_with('*')) call.rest = request.path.substr(route.pattern.size() - 1);
    if (auto refused = ReadQueryOptions(request, route.kind, engine.options(), call.options)) return *refused;
    if (route.kind == RouteKind::kWrite) engine.state().BeginWrite();
    const uint64_t before = engine.state().index();
    Answer answer = route.handle(engine, call);
    EXPECT_TRUE(answer.status < 400 || engine.state().index() == before) << "an error must change nothing";
    if (route.kind == RouteKind::kWrite) engine.Commit([](const Status&) {});
    return answer;
  }

  const Routes routes;
};

// The list's members at `path` ("Service.ID"), joined by spaces.
inline std::string Column(const std::string& json, std::string_view path) {
  const auto document = json::Document::Parse(json);
  if (!document.ok()) return "not JSON: " + json;
  std::string text;
  document->root().ForEachElement([&](json::Value item) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const size_t dot = rest.find('.');
      item = item[rest.substr(0, dot)];
      rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    }
    text += (text.empty() ? "" : " ") + std::string(item.String());
  });
  return text;
}

}  // namespace signpost::registry
