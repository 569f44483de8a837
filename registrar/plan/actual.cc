// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan/actual.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "common/json/json.h"
#include "common/json/utf8.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

constexpr std::string_view kMaintenanceCheck = "_service_maintenance:";

uint16_t PortNumber(int64_t port) {
  return static_cast<uint16_t>(std::clamp<int64_t>(port, 0, std::numeric_limits<uint16_t>::max()));
}

StringPairs ReadMeta(json::Value meta) {
  StringPairs pairs;
  meta.ForEachMember([&](std::string_view key, json::Value value) { pairs.emplace_back(key, value.String()); });
  std::ranges::sort(pairs);
  return pairs;
}

std::vector<TaggedAddress> ReadTaggedAddresses(json::Value addresses) {
  std::vector<TaggedAddress> result;
  addresses.ForEachMember([&](std::string_view tag, json::Value value) {
    result.push_back({std::string(tag), std::string(value["Address"].String()), PortNumber(value["Port"].Int())});
  });
  std::ranges::sort(result, {}, &TaggedAddress::tag);
  return result;
}

ActualService ReadService(std::string_view id, json::Value entry) {
  ActualService service;
  service.id = id;
  service.name = entry["Service"].String();
  service.address = entry["Address"].String();
  service.port = entry["Port"].Int();
  entry["Tags"].ForEachElement([&](json::Value tag) { service.tags.emplace_back(tag.String()); });
  service.meta = ReadMeta(entry["Meta"]);
  service.tagged_addresses = ReadTaggedAddresses(entry["TaggedAddresses"]);
  service.weight_passing = entry["Weights"]["Passing"].Int(1);
  service.weight_warning = entry["Weights"]["Warning"].Int(1);
  service.enable_tag_override = entry["EnableTagOverride"].Bool();
  return service;
}

void ReadCheck(std::string_view id, json::Value entry, ActualServices& services) {
  const auto service = services.find(entry["ServiceID"].String());
  if (service == services.end()) return;
  if (id.starts_with(kMaintenanceCheck)) {
    service->second.maintenance = true;
    service->second.maintenance_reason = entry["Notes"].String();
    return;
  }
  service->second.checks.push_back({.id = std::string(id),
                                    .status = std::string(entry["Status"].String()),
                                    .output = std::string(entry["Output"].String()),
                                    .notes = std::string(entry["Notes"].String()),
                                    .type = std::string(entry["Type"].String())});
}

// In the order in which Consul decides.
std::string TypeOf(const CheckDefinition& check) {
  if (!check.grpc.empty()) return "grpc";
  if (!check.http.empty()) return "http";
  if (!check.ttl.empty()) return "ttl";
  if (!check.tcp.empty()) return "tcp";
  if (!check.alias_service.empty()) return "alias";
  if (!check.docker_container_id.empty()) return "docker";
  return check.script_args.empty() ? "" : "script";
}

StringPairs SentMeta(const Service& service, std::string_view owner) {
  StringPairs meta;
  for (const auto& [key, value] : service.meta) meta.emplace_back(json::RepairUtf8(key), json::RepairUtf8(value));
  meta.emplace_back(kOwnerKey, json::RepairUtf8(owner));
  meta.emplace_back(kContainerKey, json::RepairUtf8(service.container_id));
  meta.emplace_back(kSpecKey, SpecOf(service));
  std::ranges::sort(meta);
  return meta;
}

std::vector<TaggedAddress> SentAddresses(const Service& service) {
  std::vector<TaggedAddress> result = service.tagged_addresses;
  for (TaggedAddress& derived : DerivedAddresses(service.address, service.port)) {
    if (std::ranges::find(result, derived.tag, &TaggedAddress::tag) == result.end())
      result.push_back(std::move(derived));
  }
  std::ranges::sort(result, {}, &TaggedAddress::tag);
  return result;
}

// Consul keeps the status and output of a check that it has already, and every check that is not named.
std::vector<ActualCheck> ChecksAfter(const Service& service, const ActualService* before) {
  std::vector<ActualCheck> checks;
  if (before) checks = before->checks;
  for (const CheckDefinition& check : service.checks) {
    std::erase_if(checks, [&](const ActualCheck& other) { return other.id == check.check_id; });
    const ActualCheck* known = before ? before->FindCheck(check.check_id) : nullptr;
    checks.push_back({.id = json::RepairUtf8(check.check_id),
                      .status = known                  ? known->status
                                : check.status.empty() ? "critical"
                                                       : check.status,
                      .output = known ? known->output : "",
                      .notes = json::RepairUtf8(check.notes),
                      .type = TypeOf(check)});
  }
  std::ranges::sort(checks, {}, &ActualCheck::id);
  return checks;
}

}  // namespace

std::string_view ActualService::Meta(std::string_view key) const {
  for (const auto& [known, value] : meta) {
    if (known == key) return value;
  }
  return {};
}

const ActualCheck* ActualService::FindCheck(std::string_view check_id) const {
  const auto found = std::ranges::find(checks, check_id, &ActualCheck::id);
  return found == checks.end() ? nullptr : &*found;
}

std::vector<TaggedAddress> DerivedAddresses(std::string_view address, int64_t port) {
  const std::string text(address);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const char* family = inet_pton(AF_INET, text.c_str(), bytes.data()) == 1    ? "ipv4"
                       : inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1 ? "ipv6"
                                                                              : nullptr;
  if (!family) return {};
  std::vector<TaggedAddress> result;
  for (const char* scope : {"lan_", "wan_"}) result.push_back({std::string(scope) + family, text, PortNumber(port)});
  return result;
}

Result<ActualServices> ReadAgentServices(std::string_view services_json, std::string_view checks_json) {
  const Result<json::Document> services = json::Document::Parse(services_json);
  if (!services.ok()) return Status::Invalid("the agent's services: " + services.status().text());
  const Result<json::Document> checks = json::Document::Parse(checks_json);
  if (!checks.ok()) return Status::Invalid("the agent's checks: " + checks.status().text());
  if (!services->root().IsObject()) return Status::Invalid("the agent's services are no JSON object");
  if (!checks->root().IsObject()) return Status::Invalid("the agent's checks are no JSON object");
  ActualServices result;
  services->root().ForEachMember([&](std::string_view id, json::Value entry) {
    if (entry.IsObject()) result.emplace(id, ReadService(id, entry));
  });
  checks->root().ForEachMember([&](std::string_view id, json::Value entry) { ReadCheck(id, entry, result); });
  for (auto& [id, service] : result) std::ranges::sort(service.checks, {}, &ActualCheck::id);
  return result;
}

ActualService AfterRegistration(const Service& service, std::string_view owner, const ActualService* before) {
  ActualService after;
  after.id = service.id;
  after.name = json::RepairUtf8(service.name);
  after.address = json::RepairUtf8(service.address);
  after.port = service.port;
  for (const std::string& tag : service.tags) after.tags.push_back(json::RepairUtf8(tag));
  after.meta = SentMeta(service, owner);
  after.tagged_addresses = SentAddresses(service);
  after.weight_passing = service.weight_passing;
  after.weight_warning = service.weight_warning;
  after.enable_tag_override = service.enable_tag_override;
  after.checks = ChecksAfter(service, before);
  if (before && before->maintenance) {
    after.maintenance = true;
    after.maintenance_reason = before->maintenance_reason;
  }
  return after;
}

}  // namespace signpost::registrar
