// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/consul/fake_agent_state.h"

#include <algorithm>
#include <functional>
#include <set>

namespace signpost::test {
namespace {

constexpr char kMaintenance[] = "_service_maintenance:";

void Copy(const json::Value& value, json::Writer& out) {
  if (value.IsObject()) {
    out.BeginObject();
    value.ForEachMember([&](std::string_view key, const json::Value& member) {
      out.Key(key);
      Copy(member, out);
    });
    out.EndObject();
  } else if (value.IsArray()) {
    out.BeginArray();
    value.ForEachElement([&](const json::Value& element) { Copy(element, out); });
    out.EndArray();
  } else if (value.IsString()) {
    out.String(value.String());
  } else if (value.IsNumber()) {
    out.Int(value.Int());
  } else if (value.IsBool()) {
    out.Bool(value.Bool());
  } else {
    out.Null();
  }
}

void Member(json::Writer& out, std::string_view key, const json::Value& value, std::string_view fallback) {
  out.Key(key);
  if (value.present() && !value.IsNull()) {
    Copy(value, out);
  } else {
    out.Raw(fallback);
  }
}

// What was registered, and what the agent derives from the address.
void TaggedAddresses(json::Writer& out, const json::Value& body) {
  const std::string address(body["Address"].String());
  const std::string family = address.find(':') == std::string::npos ? "ipv4" : "ipv6";
  const json::Value given = body["TaggedAddresses"];
  out.Key("TaggedAddresses").BeginObject();
  given.ForEachMember([&](std::string_view key, const json::Value& value) {
    out.Key(key);
    Copy(value, out);
  });
  for (const std::string& tag : {"lan_" + family, "wan_" + family}) {
    if (given[tag].present()) continue;
    out.Key(tag).BeginObject().Key("Address").String(address).Key("Port").Int(body["Port"].Int()).EndObject();
  }
  out.EndObject();
}

std::string AsListed(const json::Value& body) {
  json::Writer out;
  out.BeginObject().Key("ID").String(body["ID"].String()).Key("Service").String(body["Name"].String());
  Member(out, "Tags", body["Tags"], "[]");
  Member(out, "Meta", body["Meta"], "{}");
  out.Key("Port").Int(body["Port"].Int()).Key("Address").String(body["Address"].String());
  if (!body["Address"].String().empty()) TaggedAddresses(out, body);
  Member(out, "Weights", body["Weights"], R"({"Passing":1,"Warning":1})");
  out.Key("EnableTagOverride").Bool(body["EnableTagOverride"].Bool());
  return out.EndObject().Take();
}

bool IsMetaKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string TypeOf(const json::Value& check) {
  for (const auto& [field, type] : {std::pair{"GRPC", "grpc"},
                                    {"HTTP", "http"},
                                    {"TTL", "ttl"},
                                    {"TCP", "tcp"},
                                    {"AliasService", "alias"},
                                    {"DockerContainerID", "docker"},
                                    {"ScriptArgs", "script"}}) {
    if (check[field].present()) return type;
  }
  return {};
}

bool IsStatus(std::string_view text) { return text == "passing" || text == "warning" || text == "critical"; }

}  // namespace

FakeReply FakeAgentState::Register(std::string_view text, bool replace_checks) {
  const auto document = json::Document::Parse(text);
  if (!document.ok()) return {400, "Request decode failed"};
  const json::Value body = document.value().root();
  FakeService service;
  service.name = body["Name"].String();
  service.id = body["ID"].String(service.name);
  service.address = body["Address"].String();
  service.port = body["Port"].Int();
  service.json = AsListed(body);
  body["Tags"].ForEachElement([&](const json::Value& tag) { service.tags.emplace_back(tag.String()); });
  body["Meta"].ForEachMember(
      [&](std::string_view key, const json::Value& value) { service.meta[std::string(key)] = value.String(); });
  if (service.name.empty()) return {400, "Missing service name"};
  if (service.address == "0.0.0.0" || service.address == "::") return {400, "Invalid service address"};
  for (const auto& [key, value] : service.meta) {
    if (!IsMetaKey(key)) return {400, "Invalid Service Meta: Key contains invalid characters"};
  }

  const std::map<std::string, FakeCheck> before = checks_;
  std::erase_if(checks_, [&](const auto& entry) { return replace_checks && entry.second.service_id == service.id; });
  FakeReply reply;
  const json::Value checks = body["Checks"];
  for (size_t i = 0; i < checks.size() && reply.status == 200; ++i) reply = AddCheck(service, checks.At(i), i);
  if (reply.status == 200 && body["Check"].IsObject()) reply = AddCheck(service, body["Check"], 0);
  if (reply.status != 200) {
    checks_ = before;
    return reply;
  }
  for (auto& [id, check] : checks_) {  // what was there keeps its state
    const auto known = before.find(id);
    if (known == before.end() || known->second.service_id != service.id) continue;
    check.status = known->second.status;
    check.output = known->second.output;
  }
  FakeService& slot = services_[service.id];
  if (slot.json != service.json) ++index_;
  slot = service;
  return {};
}

FakeReply FakeAgentState::AddCheck(const FakeService& service, const json::Value& check, size_t number) {
  FakeCheck made;
  const std::string generated = "service:" + service.id + (number == 0 ? "" : ":" + std::to_string(number + 1));
  made.id = check["CheckID"].String(generated);
  made.name = check["Name"].String();
  made.notes = check["Notes"].String();
  made.service_id = service.id;
  made.service = service.name;
  made.type = TypeOf(check);
  made.ttl = check["TTL"].present();
  made.status = check["Status"].String("critical");
  if (!IsStatus(made.status)) return {400, "Invalid check: invalid status"};
  const bool script = check["ScriptArgs"].size() > 0 || check["DockerContainerID"].present();
  if (script && !script_checks) {
    return {500, "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' to true"};
  }
  checks_[made.id] = made;
  return {};
}

FakeReply FakeAgentState::Deregister(const std::string& service_id) {
  if (services_.erase(service_id) > 0) ++index_;
  std::erase_if(checks_, [&](const auto& entry) { return entry.second.service_id == service_id; });
  return {};
}

FakeReply FakeAgentState::SetMaintenance(const std::string& service_id, bool enable, const std::string& reason) {
  const auto service = services_.find(service_id);
  if (service == services_.end()) return {404, "No service registered with ID \"" + service_id + "\""};
  const std::string id = kMaintenance + service_id;
  if (!enable) {
    checks_.erase(id);
  } else if (!checks_.contains(id)) {
    checks_[id] = {.id = id,
                   .service_id = service_id,
                   .service = service->second.name,
                   .name = "Service Maintenance Mode",
                   .notes = reason.empty() ? "Maintenance mode is enabled for this service" : reason};
  }
  return {};
}

FakeReply FakeAgentState::RemoveCheck(const std::string& check_id) {
  checks_.erase(check_id);
  return {};
}

FakeReply FakeAgentState::UpdateCheck(const std::string& check_id, std::string_view text) {
  const auto document = json::Document::Parse(text);
  if (!document.ok()) return {400, "Request decode failed"};
  const std::string status(document.value().root()["Status"].String());
  if (!IsStatus(status)) return {400, "Invalid check status: '" + status + "'"};
  const auto check = checks_.find(check_id);
  if (check == checks_.end() || !check->second.ttl) {
    return {500, "CheckID \"" + check_id + "\" does not have associated TTL"};
  }
  check->second.status = status;
  check->second.output = document.value().root()["Output"].String();
  return {};
}

std::string FakeAgentState::ServicesJson() const {
  json::Writer out;
  out.BeginObject();
  for (const auto& [id, service] : services_) out.Key(id).Raw(service.json);
  return out.EndObject().Take();
}

std::string FakeAgentState::ChecksJson() const {
  json::Writer out;
  out.BeginObject();
  for (const auto& [id, check] : checks_) {
    out.Key(id).BeginObject().Key("CheckID").String(id).Key("Name").String(check.name);
    out.Key("Status").String(check.status).Key("Notes").String(check.notes).Key("Output").String(check.output);
    out.Key("ServiceID").String(check.service_id).Key("ServiceName").String(check.service);
    out.Key("Type").String(check.type);
    out.Key("Definition").Raw("{}").EndObject();
  }
  return out.EndObject().Take();
}

std::string FakeAgentState::HashOf(const std::string& service_id) const {
  const auto service = services_.find(service_id);
  if (service == services_.end()) return {};
  return std::to_string(std::hash<std::string>{}(service->second.json));
}

bool FakeAgentState::InMaintenance(const std::string& service_id) const {
  return checks_.contains(kMaintenance + service_id);
}

}  // namespace signpost::test
