// Signpost. Apache-2.0; see LICENSE.
// /v1/internal/ui: what Consul's web pages show, and what some use to read the whole catalog at once.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dnsd/registry/api/health_rows.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/api/selection.h"
#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

using Kind = Topic::Kind;

uint64_t CatalogIndex(const State& state) {
  return std::max(
      {state.TableIndex(Table::kNodes), state.TableIndex(Table::kServices), state.TableIndex(Table::kChecks)});
}

Topics CatalogTopics() { return {{Kind::kNodes, {}}, {Kind::kServices, {}}, {Kind::kChecks, {}}}; }

// --- nodes -------------------------------------------------------------------------------------------------------

void WriteNodeInfo(json::Writer& out, const State& state, const NodeRow& node) {
  out.BeginObject();
  WriteNodeFields(out, node, "Meta", false);
  out.Key("Services").BeginArray();
  for (const auto& service : state.ServicesOfNode(node.node.name)) WriteService(out, *service, NoTags::kNull);
  out.EndArray().Key("Checks").BeginArray();
  for (const auto& check : state.ChecksOfNode(node.node.name)) WriteCheck(out, *check, NoTags::kNull);
  out.EndArray().EndObject();
}

Answer UiNodes(Engine& engine, const Call& call) {
  const State& state = engine.state();
  const auto items = ItemWriter::Make(call.options.filter, NodeInfoFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  json::Writer out;
  out.BeginArray();
  for (const auto& [name, node] : state.nodes()) {
    items.value().Add(out, [&, row = node](json::Writer& item) { WriteNodeInfo(item, state, *row); });
  }
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.index = CatalogIndex(state);
  answer.topics = CatalogTopics();
  return answer;
}

Answer UiNode(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing node name");
  const State& state = engine.state();
  const auto node = state.FindNode(call.rest);
  if (!node) {
    Answer answer = EmptyAnswer();
    answer.status = 404;
    return answer;
  }
  json::Writer out;
  WriteNodeInfo(out, state, *node);
  Answer answer = JsonAnswer(out.Take());
  answer.index = CatalogIndex(state);
  answer.topics = {{Kind::kNode, NodeKey(call.rest)}};
  return answer;
}

// --- services ----------------------------------------------------------------------------------------------------

struct Summary {
  std::string kind;
  std::set<std::string> tags;
  Strings nodes;  // one per instance
  Strings proxy_for;
  Strings external_sources;
  uint64_t passing = 0;
  uint64_t warning = 0;
  uint64_t critical = 0;
};

void AddOnce(Strings& list, const std::string& text) {
  if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

void AddTo(Summary& sum, const HealthRow& row) {
  const ServiceRow& service = *row.service;
  sum.kind = service.kind;
  sum.tags.insert(service.tags.begin(), service.tags.end());
  sum.nodes.push_back(row.node->node.name);
  if (service.kind == "connect-proxy") AddOnce(sum.proxy_for, service.proxy_destination);
  for (const auto& [key, value] : service.meta) {
    if (key == "external-source") AddOnce(sum.external_sources, value);
  }
  for (const auto& check : row.checks) {
    sum.passing += check->status == kPassing ? 1 : 0;
    sum.warning += check->status == kWarning ? 1 : 0;
    sum.critical += check->status == kCritical ? 1 : 0;
  }
}

void WriteSummary(json::Writer& out, const std::string& name, Summary& sum) {
  std::sort(sum.nodes.begin(), sum.nodes.end());
  out.BeginObject();
  if (!sum.kind.empty()) out.Key("Kind").String(sum.kind);
  out.Key("Name").String(name);
  WriteTags(out.Key("Tags"), Strings(sum.tags.begin(), sum.tags.end()), NoTags::kNull);
  WriteStrings(out.Key("Nodes"), sum.nodes);
  out.Key("InstanceCount").Uint(sum.nodes.size());
  if (!sum.proxy_for.empty()) WriteStrings(out.Key("ProxyFor"), sum.proxy_for);
  out.Key("ChecksPassing").Uint(sum.passing).Key("ChecksWarning").Uint(sum.warning);
  out.Key("ChecksCritical").Uint(sum.critical);
  WriteTags(out.Key("ExternalSources"), sum.external_sources, NoTags::kNull);
  out.Key("GatewayConfig").BeginObject().EndObject();
  out.EndObject();
}

Answer UiServices(Engine& engine, const Call& call) {
  const State& state = engine.state();
  const auto items = ItemWriter::Make(call.options.filter, HealthServiceFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  std::map<std::string, Summary> sums;
  for (const auto& [key, service] : state.services()) {
    const HealthRow row = JoinHealth(state, service);
    if (items.value().Fits([&](json::Writer& item) { WriteHealthRow(item, row); })) AddTo(sums[service->service], row);
  }
  json::Writer out;
  out.BeginArray();
  for (auto& [name, sum] : sums) WriteSummary(out, name, sum);
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.index = CatalogIndex(state);
  answer.topics = CatalogTopics();
  return answer;
}

// Which gateway leads to which service stands in configuration entries, and there are none.
Answer UiGatewayServices(Engine& /*engine*/, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing gateway name");
  Answer answer = JsonAnswer("[]");
  answer.index = 1;
  return answer;
}

}  // namespace

Routes InternalRoutes() {
  return {
      {"GET", "/v1/internal/ui/nodes", RouteKind::kRead, UiNodes},
      {"GET", "/v1/internal/ui/node/*", RouteKind::kRead, UiNode},
      {"GET", "/v1/internal/ui/services", RouteKind::kRead, UiServices},
      {"GET", "/v1/internal/ui/gateway-services-nodes/*", RouteKind::kRead, UiGatewayServices},
  };
}

}  // namespace signpost::registry
