// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_instances.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace signpost::lb {
namespace {

using consul::Health;

constexpr std::string_view kUrlPrefix = "urlprefix-";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// The instance's own address, else the node's (case C07). Nothing for host names: nobody here resolves them.
std::optional<net::SocketAddress> AddressOf(const consul::ServiceInstance& instance) {
  const std::string& host = instance.address.empty() ? instance.node->address : instance.address;
  const bool bare_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  if (host.empty()) return std::nullopt;
  const std::string text = (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(instance.port);
  auto address = net::SocketAddress::Parse(text, 0);
  if (!address.ok() || address.value().port() != instance.port || address.value().is_wildcard()) return std::nullopt;
  return address.value();
}

uint32_t WeightOf(const consul::ServiceInstance& instance, bool use_warning) {
  switch (instance.health) {
    case Health::kPassing:
      return instance.weights.passing;
    case Health::kWarning:
      return use_warning ? instance.weights.warning : kUnusableWeight;
    case Health::kOther:
      return 1;
    case Health::kCritical:
    case Health::kMaintenance:
      break;
  }
  return kUnusableWeight;
}

// What the log can hold of a name that a stranger registered.
std::string ShortId(const std::string& id) { return id.substr(0, 60); }

void Add(const consul::ServiceInstance& from, bool use_warning, ConsulInstances& out) {
  Instance instance;
  for (const std::string& tag : from.tags) instance.tags.push_back(FoldTag(tag));
  out.tags.insert(out.tags.end(), instance.tags.begin(), instance.tags.end());
  if (from.create_index != 0 && (out.create_index == 0 || from.create_index < out.create_index)) {
    out.create_index = from.create_index;
  }
  if (from.port == 0) return out.skipped.push_back(ShortId(from.id) + " has no port");
  const auto address = AddressOf(from);
  if (!address) return out.skipped.push_back(ShortId(from.id) + " has no IP address");
  instance.address = *address;
  instance.weight = WeightOf(from, use_warning);
  instance.id = from.id;
  for (const auto& [key, value] : from.meta) {
    if (std::string folded = FoldMetaKey(key); !folded.empty()) instance.meta.emplace_back(std::move(folded), value);
  }
  std::sort(instance.meta.begin(), instance.meta.end());
  instance.version = VersionOf(instance.meta, instance.tags);
  instance.modified = from.modify_index;
  out.instances.push_back(std::move(instance));
}

}  // namespace

ConsulInstances ReadConsulInstances(const std::vector<consul::ServiceInstance>& all, std::string_view service,
                                    bool exact, bool use_warning) {
  const auto named = [&](const consul::ServiceInstance& instance) { return instance.service == service; };
  const bool only_named = exact || std::any_of(all.begin(), all.end(), named);
  ConsulInstances out;
  for (const consul::ServiceInstance& instance : all) {
    if (!only_named || named(instance)) Add(instance, use_warning, out);
  }
  std::sort(out.tags.begin(), out.tags.end());
  out.tags.erase(std::unique(out.tags.begin(), out.tags.end()), out.tags.end());
  return out;
}

std::string FoldTag(std::string_view tag) {
  std::string folded = Lower(tag);
  return folded.starts_with(kUrlPrefix) ? std::string(kUrlPrefix) + std::string(tag.substr(kUrlPrefix.size())) : folded;
}

bool IsExposureTag(std::string_view folded) {
  return folded == "http" || folded == "tcp" || folded.starts_with(kUrlPrefix);
}

}  // namespace signpost::lb
