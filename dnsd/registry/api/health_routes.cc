// Signpost. Apache-2.0; see LICENSE.
// /v1/health: instances with their checks, and lists of checks.
#include <algorithm>
#include <optional>
#include <utility>

#include "dnsd/registry/api/health_rows.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/api/selection.h"
#include "dnsd/registry/filter/go_text.h"

namespace signpost::registry {
namespace {

using Kind = Topic::Kind;

// --- instances ---------------------------------------------------------------------------------------------------

// Whether passing= asks for those only whose checks all pass; nothing if it cannot be read.
std::optional<bool> OnlyPassing(const Call& call) {
  const auto passing = call.Param("passing");
  if (!passing) return false;
  if (passing->empty()) return true;
  const auto value = filter::ParseBool(*passing);
  return value.ok() ? std::optional(value.value()) : std::nullopt;
}

Answer InstanceList(Engine& engine, const Call& call, RowList<ServiceRow> rows, bool tags_count) {
  const auto only_passing = OnlyPassing(call);
  if (!only_passing) return TextAnswer(400, "Invalid value for ?passing");
  const auto items = ItemWriter::Make(call.options.filter, HealthServiceFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  Select(engine, call, rows, tags_count);
  json::Writer out;
  out.BeginArray();
  for (auto& service : rows) {
    const HealthRow row = JoinHealth(engine.state(), std::move(service));
    if (*only_passing && !AllPassing(row)) continue;
    items.value().Add(out, [&](json::Writer& item) { WriteHealthRow(item, row); });
  }
  out.EndArray();
  return JsonAnswer(out.Take());
}

Answer HealthService(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service name");
  const State& state = engine.state();
  Answer answer = InstanceList(engine, call, state.Instances(call.rest), true);
  if (answer.status != 200) return answer;
  answer.index = state.ServiceIndex(call.rest);
  answer.topics = {{Kind::kService, Lower(call.rest)}};
  return answer;
}

Answer HealthConnect(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service name");
  const State& state = engine.state();
  Answer answer = InstanceList(engine, call, state.ConnectInstances(call.rest), false);
  if (answer.status != 200) return answer;
  answer.index = state.ConnectIndex(call.rest);
  answer.topics = {{Kind::kConnect, Lower(call.rest)}};
  return answer;
}

// Which gateway leads to which service stands in configuration entries, and there are none.
Answer HealthIngress(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service name");
  Answer answer = InstanceList(engine, call, {}, false);
  if (answer.status == 200) answer.index = 1;
  return answer;
}

// --- checks ------------------------------------------------------------------------------------------------------

Answer CheckList(Engine& engine, const Call& call, const RowList<CheckRow>& rows, Topics topics) {
  const auto items = ItemWriter::Make(call.options.filter, CheckFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  json::Writer out;
  out.BeginArray();
  for (const auto& row : rows) {
    items.value().Add(out, [&](json::Writer& item) { WriteCheck(item, *row); });
  }
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.index = engine.state().TableIndex(Table::kChecks);
  answer.topics = std::move(topics);
  return answer;
}

Answer HealthNode(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing node name");
  return CheckList(engine, call, engine.state().ChecksOfNode(call.rest), {{Kind::kNode, NodeKey(call.rest)}});
}

Answer HealthChecks(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service name");
  RowList<CheckRow> rows = engine.state().ChecksOfService(call.rest);
  Select(engine, call, rows);
  return CheckList(engine, call, rows, {{Kind::kService, Lower(call.rest)}});
}

Answer HealthState(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing check state");
  RowList<CheckRow> rows;
  for (const auto& [key, check] : engine.state().checks()) {
    if (call.rest == "any" || check->status == call.rest) rows.push_back(check);
  }
  Select(engine, call, rows);
  Answer answer = CheckList(engine, call, rows, {{Kind::kChecks, {}}});
  if (answer.index && !call.options.node_meta.empty()) {
    answer.index = std::max(*answer.index, engine.state().TableIndex(Table::kNodes));
    answer.topics.push_back({Kind::kNodes, {}});
  }
  return answer;
}

}  // namespace

Routes HealthRoutes() {
  return {
      {"GET", "/v1/health/service/*", RouteKind::kRead, HealthService},
      {"GET", "/v1/health/connect/*", RouteKind::kRead, HealthConnect},
      {"GET", "/v1/health/ingress/*", RouteKind::kRead, HealthIngress},
      {"GET", "/v1/health/node/*", RouteKind::kRead, HealthNode},
      {"GET", "/v1/health/checks/*", RouteKind::kRead, HealthChecks},
      {"GET", "/v1/health/state/*", RouteKind::kRead, HealthState},
  };
}

}  // namespace signpost::registry
