// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/catalog_json.h"

#include <algorithm>
#include <utility>

#include "common/consul/duration.h"
#include "common/json/json.h"

namespace signpost::consul {
namespace {

using json::Value;

std::string Text(Value value) { return std::string(value.String()); }

std::string LowerText(Value value) {
  std::string text(value.String());
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::string> TextList(Value list) {
  std::vector<std::string> texts;
  texts.reserve(list.size());
  list.ForEachElement([&](Value element) {
    if (element.IsString()) texts.push_back(Text(element));
  });
  texts.shrink_to_fit();
  return texts;
}

StringPairs TextMap(Value map) {
  StringPairs pairs;
  pairs.reserve(map.size());
  map.ForEachMember([&](std::string_view key, Value value) {
    if (value.IsString()) pairs.emplace_back(key, value.String());
  });
  return pairs;
}

// 0..65535, or `fallback` for anything else that is there.
uint16_t Small(Value value, uint16_t absent, uint16_t fallback) {
  if (!value.present() || value.IsNull()) return absent;
  const int64_t number = value.Int(-1);
  return number < 0 || number > 65535 ? fallback : static_cast<uint16_t>(number);
}

// A node gives plain addresses, a service gives objects of address and port.
std::vector<TaggedAddress> TaggedAddresses(Value map) {
  std::vector<TaggedAddress> addresses;
  addresses.reserve(map.size());
  map.ForEachMember([&](std::string_view tag, Value value) {
    if (value.IsString()) {
      addresses.push_back({std::string(tag), Text(value), 0});
    } else if (value.IsObject()) {
      addresses.push_back({std::string(tag), Text(value["Address"]), Small(value["Port"], 0, 0)});
    }
  });
  return addresses;
}

// Null if the value is not a node with a name.
std::shared_ptr<const Node> ReadNode(Value value, NodeTable& nodes, bool translated) {
  if (!value.IsObject() || value["Node"].String().empty()) return nullptr;
  Node node;
  node.id = LowerText(value["ID"]);
  node.name = Text(value["Node"]);
  node.address = Text(value["Address"]);
  node.datacenter = LowerText(value["Datacenter"]);
  node.tagged_addresses = TaggedAddresses(value["TaggedAddresses"]);
  node.meta = TextMap(value["Meta"]);
  node.translated = translated;
  return nodes.Intern(std::move(node));
}

Health HealthOfCheck(Value check) {
  const std::string_view status = check["Status"].String();
  if (status == "passing") return Health::kPassing;
  if (status == "warning") return Health::kWarning;
  if (status != "critical") return Health::kOther;
  const std::string_view id = check["CheckID"].String();
  const bool maintenance = id == "_node_maintenance" || id.starts_with("_service_maintenance:");
  return maintenance ? Health::kMaintenance : Health::kCritical;
}

// The enumerators of Health stand in order of severity.
Health WorstHealth(Value checks, std::string_view instance_id) {
  Health worst = Health::kPassing;
  checks.ForEachElement([&](Value check) {
    if (!check.IsObject()) return;
    const std::string_view bound_to = check["ServiceID"].String();
    if (bound_to.empty() || bound_to == instance_id) worst = std::max(worst, HealthOfCheck(check));
  });
  return worst;
}

void ReadInstance(Value entry, NodeTable& nodes, bool translated, std::vector<ServiceInstance>& out) {
  const Value service = entry["Service"];
  if (!service.IsObject()) return;
  const Value port = service["Port"];
  if (port.present() && !port.IsNull() && (port.Int(-1) < 0 || port.Int(-1) > 65535)) return;
  auto node = ReadNode(entry["Node"], nodes, translated);
  if (!node) return;
  ServiceInstance& instance = out.emplace_back();
  instance.node = std::move(node);
  instance.id = Text(service["ID"]);
  instance.service = Text(service["Service"]);
  instance.address = Text(service["Address"]);
  instance.port = Small(port, 0, 0);
  instance.weights.passing = Small(service["Weights"]["Passing"], 1, 1);
  instance.weights.warning = Small(service["Weights"]["Warning"], 1, 1);
  instance.health = WorstHealth(entry["Checks"], instance.id);
  instance.tags = TextList(service["Tags"]);
  instance.tagged_addresses = TaggedAddresses(service["TaggedAddresses"]);
  instance.meta = TextMap(service["Meta"]);
  instance.create_index = service["CreateIndex"].Uint();
  instance.modify_index = service["ModifyIndex"].Uint();
}

std::vector<ServiceInstance> ReadInstances(Value list, NodeTable& nodes, bool translated) {
  std::vector<ServiceInstance> instances;
  instances.reserve(list.size());
  list.ForEachElement([&](Value entry) { ReadInstance(entry, nodes, translated, instances); });
  instances.shrink_to_fit();
  return instances;
}

Status WrongShape(std::string_view what) {
  return Status::Invalid("Consul's " + std::string(what) + " does not have the expected JSON shape");
}

// Parses `body`, says what it was meant to be if that fails.
Result<json::Document> Parse(std::string_view body, std::string_view what) {
  auto document = json::Document::Parse(body);
  if (document.ok()) return document;
  return Status::Invalid("Consul's " + std::string(what) + " is not JSON: " + document.status().text());
}

}  // namespace

Result<std::vector<ServiceInstance>> ReadHealthService(std::string_view body, NodeTable& nodes, bool translated) {
  const auto document = Parse(body, "instance list");
  if (!document.ok()) return document.status();
  if (!document.value().root().IsArray()) return WrongShape("instance list");
  return ReadInstances(document.value().root(), nodes, translated);
}

Result<std::vector<ServiceTags>> ReadCatalogServices(std::string_view body) {
  const auto document = Parse(body, "service list");
  if (!document.ok()) return document.status();
  const Value root = document.value().root();
  if (!root.IsObject()) return WrongShape("service list");
  std::vector<ServiceTags> services;
  services.reserve(root.size());
  root.ForEachMember([&](std::string_view name, Value tags) {
    if (!name.empty()) services.push_back({std::string(name), TextList(tags)});
  });
  return services;
}

Result<std::vector<std::shared_ptr<const Node>>> ReadCatalogNodes(std::string_view body, NodeTable& nodes) {
  const auto document = Parse(body, "node list");
  if (!document.ok()) return document.status();
  const Value root = document.value().root();
  if (!root.IsArray()) return WrongShape("node list");
  std::vector<std::shared_ptr<const Node>> list;
  list.reserve(root.size());
  root.ForEachElement([&](Value entry) {
    if (auto node = ReadNode(entry, nodes, false)) list.push_back(std::move(node));
  });
  return list;
}

Result<std::shared_ptr<const Node>> ReadCatalogNode(std::string_view body, NodeTable& nodes, bool translated) {
  const auto document = Parse(body, "node");
  if (!document.ok()) return document.status();
  const Value root = document.value().root();
  if (root.IsNull()) return std::shared_ptr<const Node>();
  if (!root.IsObject()) return WrongShape("node");
  if (root["Node"].IsNull()) return std::shared_ptr<const Node>();
  auto node = ReadNode(root["Node"], nodes, translated);
  if (!node) return WrongShape("node");
  return node;
}

Result<std::vector<CheckState>> ReadHealthState(std::string_view body) {
  const auto document = Parse(body, "check list");
  if (!document.ok()) return document.status();
  const Value root = document.value().root();
  if (!root.IsArray()) return WrongShape("check list");
  std::vector<CheckState> checks;
  checks.reserve(root.size());
  root.ForEachElement([&](Value check) {
    if (check["Node"].String().empty()) return;
    checks.push_back({Text(check["Node"]), Text(check["CheckID"]), Text(check["Status"]), Text(check["ServiceID"]),
                      Text(check["ServiceName"])});
  });
  return checks;
}

Result<QueryAnswer> ReadQueryExecute(std::string_view body, NodeTable& nodes, bool translating,
                                     std::string_view own_datacenter) {
  const auto document = Parse(body, "query answer");
  if (!document.ok()) return document.status();
  const Value root = document.value().root();
  const bool nodes_usable = root["Nodes"].IsArray() || root["Nodes"].IsNull();
  if (!root.IsObject() || !nodes_usable) return WrongShape("query answer");
  QueryAnswer answer;
  answer.service = Text(root["Service"]);
  answer.datacenter = LowerText(root["Datacenter"]);
  answer.translated = translating && answer.datacenter != own_datacenter;
  answer.instances = ReadInstances(root["Nodes"], nodes, answer.translated);
  answer.failovers = root["Failovers"].Int();
  if (const auto ttl = ParseDuration(root["DNS"]["TTL"].String())) {
    answer.ttl = std::chrono::duration_cast<std::chrono::seconds>(*ttl);
  }
  return answer;
}

Result<bool> ReadQueryNear(std::string_view body) {
  const auto document = Parse(body, "query definition");
  if (!document.ok()) return document.status();
  const Value query = document.value().root()["Query"];
  if (!query.IsObject()) return WrongShape("query definition");
  return !query["Service"]["Near"].String().empty();
}

Result<std::vector<std::string>> ReadDatacenters(std::string_view body) {
  const auto document = Parse(body, "datacenter list");
  if (!document.ok()) return document.status();
  const Value root = document.value().root();
  if (!root.IsArray()) return WrongShape("datacenter list");
  return TextList(root);
}

Result<std::string> ReadAgentDatacenter(std::string_view body) {
  const auto document = Parse(body, "description of the agent");
  if (!document.ok()) return document.status();
  std::string datacenter = LowerText(document.value().root()["Config"]["Datacenter"]);
  if (datacenter.empty()) return WrongShape("description of the agent");
  return datacenter;
}

}  // namespace signpost::consul
