// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/snapshot_json.h"

#include <optional>
#include <utility>

#include "common/json/json.h"

namespace signpost::lb {
namespace {

constexpr uint64_t kVersion = 1;

void WriteTexts(json::Writer& out, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out.Key(key).BeginArray();
  for (const std::string& text : texts) out.String(text);
  out.EndArray();
}

void WriteInstance(json::Writer& out, const Instance& instance) {
  out.BeginObject().Key("address").String(instance.address.ToString());
  out.Key("weight").Uint(instance.weight);
  if (instance.priority != 0) out.Key("priority").Uint(instance.priority);
  if (!instance.id.empty()) out.Key("id").String(instance.id);
  if (instance.version != "default") out.Key("version").String(instance.version);
  WriteTexts(out, "tags", instance.tags);
  if (!instance.meta.empty()) {
    out.Key("meta").BeginObject();
    for (const auto& [key, value] : instance.meta) out.Key(key).String(value);
    out.EndObject();
  }
  if (instance.modified != 0) out.Key("modified").Uint(instance.modified);
  out.EndObject();
}

std::vector<std::string> ReadTexts(json::Value list) {
  std::vector<std::string> texts;
  list.ForEachElement([&](json::Value text) {
    if (text.IsString()) texts.emplace_back(text.String());
  });
  return texts;
}

void ReadInstance(json::Value entry, std::vector<Instance>& out) {
  auto address = net::SocketAddress::Parse(entry["address"].String(), 0);
  if (!address.ok() || address.value().port() == 0) return;
  const uint64_t weight = entry["weight"].Uint(1);
  const uint64_t priority = entry["priority"].Uint(0);
  Instance& instance = out.emplace_back();
  instance.address = address.value();
  instance.weight = weight <= 65535 ? static_cast<uint32_t>(weight) : 1;
  instance.priority = priority <= 65535 ? static_cast<uint16_t>(priority) : uint16_t{0};
  instance.id = entry["id"].String();
  instance.version = entry["version"].String("default");
  instance.tags = ReadTexts(entry["tags"]);
  entry["meta"].ForEachMember([&](std::string_view key, json::Value value) {
    if (value.IsString()) instance.meta.emplace_back(key, value.String());
  });
  instance.modified = entry["modified"].Uint();
}

std::optional<SavedService> ReadService(json::Value entry) {
  auto service = std::make_shared<DiscoveredService>();
  const std::string_view source = entry["source"].String();
  service->name = entry["name"].String();
  if ((source != "consul" && source != "dns") || service->name.empty()) return std::nullopt;
  service->state = ServiceState::kHeld;
  service->reason = "from the snapshot file";
  service->tags = ReadTexts(entry["tags"]);
  service->create_index = entry["created"].Uint();
  service->policy = entry["policy"].String();
  entry["instances"].ForEachElement([&](json::Value instance) { ReadInstance(instance, service->instances); });
  return SavedService{source == "dns" ? SourceKind::kDns : SourceKind::kConsul, std::move(service)};
}

}  // namespace

std::string WriteSnapshot(const std::vector<SavedService>& services) {
  json::Writer out;
  out.BeginObject().Key("version").Uint(kVersion).Key("services").BeginArray();
  for (const auto& [kind, service] : services) {
    out.BeginObject().Key("source").String(kind == SourceKind::kDns ? "dns" : "consul");
    out.Key("name").String(service->name).Key("created").Uint(service->create_index);
    WriteTexts(out, "tags", service->tags);
    if (!service->policy.empty()) out.Key("policy").String(service->policy);
    out.Key("instances").BeginArray();
    for (const Instance& instance : service->instances) WriteInstance(out, instance);
    out.EndArray().EndObject();
  }
  out.EndArray().EndObject();
  return out.Take();
}

Result<std::vector<SavedService>> ReadSnapshot(std::string_view json) {
  const auto document = json::Document::Parse(json);
  if (!document.ok()) return Status::Invalid("the snapshot is not JSON: " + document.status().text());
  const json::Value root = document.value().root();
  if (root["version"].Uint() != kVersion || !root["services"].IsArray()) {
    return Status::Invalid("the snapshot is not of this program's version");
  }
  std::vector<SavedService> services;
  root["services"].ForEachElement([&](json::Value entry) {
    if (auto service = ReadService(entry)) services.push_back(std::move(*service));
  });
  return services;
}

}  // namespace signpost::lb
