// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/browse.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dnsd/wire/name.h"

namespace signpost::service_zone {
namespace {

// Two length bytes and an underscore around the service and its protocol, and the label `service`.
constexpr size_t kTypeFrame = 2 + 5 + 8;
constexpr size_t kCutLabel = wire::kMaxLabel - 9;

size_t LongestDomain(const Settings& settings) {
  const size_t domain = std::max(settings.domain.size(), settings.alt_domain ? settings.alt_domain->size() : 0);
  return 1 + settings.datacenter.size() + domain;
}

std::string_view MetaValue(const consul::ServiceInstance& instance, std::string_view key) {
  const auto& meta = instance.meta;
  const auto found = std::ranges::find(meta, key, &std::pair<std::string, std::string>::first);
  return found == meta.end() ? std::string_view() : std::string_view(found->second);
}

bool OptsOut(const consul::ServiceInstance& instance) {
  // Container labels and environment variables write the key with an underscore.
  return MetaValue(instance, "dns-sd") == "no" || MetaValue(instance, "dns_sd") == "no";
}

// FNV-1a: the same in every process and release, since clients may store the label (RFC 6763 4.2).
uint32_t StableHash(std::string_view text) {
  uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash;
}

std::string FitLabel(std::string text) {
  if (text.size() <= wire::kMaxLabel) return text;
  static constexpr char kDigits[] = "0123456789abcdef";
  const uint32_t hash = StableHash(text);
  size_t end = kCutLabel;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;  // not within a UTF-8 sequence
  text.resize(end);
  text += '~';
  for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[hash >> shift & 0xf];
  return text;
}

// Ids in lower case that more than one instance has, healthy or not, so that health changes no label. Sorted.
std::vector<std::string> SharedIds(const std::vector<consul::ServiceInstance>& instances) {
  std::vector<std::string> ids;
  if (instances.size() < 2) return ids;
  for (const consul::ServiceInstance& instance : instances) ids.push_back(wire::ToLower(instance.id));
  std::ranges::sort(ids);
  std::vector<std::string> shared;
  for (size_t i = 1; i < ids.size(); ++i) {
    if (ids[i] == ids[i - 1] && (shared.empty() || shared.back() != ids[i])) shared.push_back(ids[i]);
  }
  return shared;
}

}  // namespace

bool HasTypeName(std::string_view service, const Settings& settings) {
  return service.size() < wire::kMaxLabel && kTypeFrame + service.size() + LongestDomain(settings) <= wire::kMaxName;
}

Browse MakeBrowse(const PreparedService& service, const Settings& settings) {
  const auto& instances = service.source->instances;
  const std::string& name = service.source->key.name;
  Browse browse;
  if (!HasTypeName(name, settings) || std::ranges::any_of(instances, OptsOut)) return browse;
  browse.shown = true;
  browse.udp = !instances.empty() && std::ranges::all_of(instances, [](const consul::ServiceInstance& instance) {
    return MetaValue(instance, "proto") == "udp";
  });
  const size_t room = wire::kMaxName - kTypeFrame - name.size() - LongestDomain(settings);
  const std::vector<std::string> shared = SharedIds(instances);
  std::vector<std::pair<std::string, Browse::Row>> rows;
  for (uint32_t i = 0; i < service.endpoints.size(); ++i) {
    if (!HasTargetName(service, service.endpoints[i])) continue;
    const consul::ServiceInstance& instance = service.instance(service.endpoints[i]);
    const bool with_node = std::ranges::binary_search(shared, wire::ToLower(instance.id));
    std::string label = wire::ToLower(InstanceLabel(instance, with_node));
    if (!label.empty() && label.size() < room) rows.emplace_back(std::move(label), Browse::Row{i, with_node});
  }
  std::ranges::stable_sort(rows, {}, &std::pair<std::string, Browse::Row>::first);
  const auto alike = [](const auto& a, const auto& b) { return a.first == b.first; };
  rows.erase(std::unique(rows.begin(), rows.end(), alike), rows.end());
  browse.rows.reserve(rows.size());
  for (const auto& [label, row] : rows) browse.rows.push_back(row);
  return browse;
}

std::string InstanceLabel(const consul::ServiceInstance& instance, bool with_node) {
  return FitLabel(with_node ? instance.id + " on " + instance.node->name : instance.id);
}

const Endpoint* FindInstance(const PreparedService& service, std::string_view label) {
  const auto label_of = [&](const Browse::Row& row) {
    return wire::ToLower(InstanceLabel(service.instance(service.endpoints[row.endpoint]), row.with_node));
  };
  const auto& rows = service.browse.rows;
  const auto found = std::ranges::lower_bound(rows, label, std::less<>(), label_of);
  if (found == rows.end() || label_of(*found) != label) return nullptr;
  return &service.endpoints[found->endpoint];
}

}  // namespace signpost::service_zone
