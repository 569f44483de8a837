// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/catalog_reads.h"

#include <map>
#include <set>

#include "dnsd/registry/api/json_rows.h"
#include "dnsd/registry/api/node_lookup.h"
#include "dnsd/registry/api/selection.h"

namespace signpost::registry {
namespace {

using Kind = Topic::Kind;

void WriteServiceTags(json::Writer& out, const std::map<std::string, std::set<std::string>>& services) {
  out.BeginObject();
  for (const auto& [name, tags] : services) {
    out.Key(name).BeginArray();
    for (const std::string& tag : tags) out.String(tag);
    out.EndArray();
  }
  out.EndObject();
}

Answer InstanceList(Engine& engine, const Call& call, RowList<ServiceRow> rows, bool tags_count) {
  const State& state = engine.state();
  const auto items = ItemWriter::Make(call.options.filter, CatalogServiceFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  Select(engine, call, rows, tags_count);
  json::Writer out;
  out.BeginArray();
  for (const auto& row : rows) {
    const auto node = state.FindNode(row->node);
    items.value().Add(out, [&](json::Writer& item) { WriteCatalogService(item, *node, *row); });
  }
  out.EndArray();
  return JsonAnswer(out.Take());
}

}  // namespace

Answer CatalogNodes(Engine& engine, const Call& call) {
  const State& state = engine.state();
  const auto items = ItemWriter::Make(call.options.filter, NodeFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  json::Writer out;
  out.BeginArray();
  const auto add = [&](const NodeRow& node) {
    if (!HasMeta(node, call.options.node_meta)) return;
    items.value().Add(out, [&](json::Writer& item) { WriteNode(item, node); });
  };
  const RowPtr<NodeRow> first = IsNear(engine, call) ? state.FindNode(engine.options().node) : nullptr;
  if (first) add(*first);
  for (const auto& [name, node] : state.nodes()) {
    if (node != first) add(*node);
  }
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.index = state.TableIndex(Table::kNodes);
  answer.topics = {{Kind::kNodes, {}}};
  return answer;
}

Answer CatalogServices(Engine& engine, const Call& call) {
  const State& state = engine.state();
  const auto& wanted = call.options.node_meta;
  std::map<std::string, std::set<std::string>> services;
  for (const auto& [key, row] : state.services()) {
    if (!wanted.empty() && !HasMeta(*state.FindNode(row->node), wanted)) continue;
    services[row->service].insert(row->tags.begin(), row->tags.end());
  }
  json::Writer out;
  WriteServiceTags(out, services);
  Answer answer = JsonAnswer(out.Take());
  answer.index = state.TableIndex(Table::kServices);
  answer.topics = {{Kind::kServices, {}}};
  if (!wanted.empty()) {
    answer.index = std::max(*answer.index, state.TableIndex(Table::kNodes));
    answer.topics.push_back({Kind::kNodes, {}});
  }
  return answer;
}

Answer CatalogService(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service name");
  const State& state = engine.state();
  Answer answer = InstanceList(engine, call, state.Instances(call.rest), true);
  if (answer.status != 200) return answer;
  answer.index = state.ServiceIndex(call.rest);
  answer.topics = {{Kind::kService, Lower(call.rest)}};
  return answer;
}

Answer CatalogConnect(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service name");
  const State& state = engine.state();
  Answer answer = InstanceList(engine, call, state.ConnectInstances(call.rest), false);
  if (answer.status != 200) return answer;
  answer.index = state.ConnectIndex(call.rest);
  answer.topics = {{Kind::kConnect, Lower(call.rest)}};
  return answer;
}

namespace {

// catalog/node shows a map of services and catalog/node-services a list; `write` writes the one or the other.
template <typename Write>
Answer NodeAnswer(Engine& engine, const Call& call, std::string_view nobody, const Write& write) {
  if (call.rest.empty()) return TextAnswer(400, "Missing node name");
  const State& state = engine.state();
  const auto items = ItemWriter::Make(call.options.filter, ServiceFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  const auto node = FindNodeByNameOrId(state, call.rest);
  Answer answer = JsonAnswer(std::string(nobody));
  if (node) {
    json::Writer out;
    out.BeginObject();
    WriteNode(out.Key("Node"), *node);
    write(out.Key("Services"), items.value(), state.ServicesOfNode(node->node.name));
    out.EndObject();
    answer.body = out.Take();
  }
  const std::string name = NodeKey(node ? node->node.name : call.rest);
  answer.index = state.NodeIndex(name);
  answer.topics = {{Kind::kNode, name}};
  return answer;
}

}  // namespace

Answer CatalogNode(Engine& engine, const Call& call) {
  const auto write = [](json::Writer& out, const ItemWriter& items, const RowList<ServiceRow>& rows) {
    out.BeginObject();
    for (const auto& row : rows) {
      items.Add(out, row->id, [&](json::Writer& item) { WriteService(item, *row); });
    }
    out.EndObject();
  };
  return NodeAnswer(engine, call, "null", write);
}

Answer CatalogNodeServices(Engine& engine, const Call& call) {
  const auto write = [](json::Writer& out, const ItemWriter& items, const RowList<ServiceRow>& rows) {
    if (rows.empty() && !items.filtered()) {
      out.Null();
      return;
    }
    out.BeginArray();
    for (const auto& row : rows) {
      items.Add(out, [&](json::Writer& item) { WriteService(item, *row); });
    }
    out.EndArray();
  };
  return NodeAnswer(engine, call, R"({"Node":null,"Services":null})", write);
}

Answer CatalogGatewayServices(Engine& /*engine*/, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing gateway name");
  Answer answer = JsonAnswer("null");
  answer.index = 1;
  return answer;
}

}  // namespace signpost::registry
