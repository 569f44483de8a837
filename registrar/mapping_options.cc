// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping_options.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "common/options/text.h"

namespace signpost::registrar {
namespace {

using options::Quoted;
using options::Values;

std::optional<Filter> ParseFilter(std::string_view text) {
  struct Form {
    std::string_view begin;
    Filter::Kind kind;
  };
  constexpr Form kForms[] = {{"label=", Filter::Kind::kLabel},
                             {"name=", Filter::Kind::kName},
                             {"network=", Filter::Kind::kNetwork},
                             {"image=", Filter::Kind::kImage}};
  for (const auto& [begin, kind] : kForms) {
    if (!text.starts_with(begin) || text.size() == begin.size()) continue;
    return Filter{kind, std::string(text.substr(begin.size()))};
  }
  return std::nullopt;
}

// At the first "=": values may hold one.
std::optional<std::pair<std::string, std::string>> ParsePair(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

}  // namespace

Strings SplitNames(const Strings& texts) {
  constexpr std::string_view kBlank = " \t";
  Strings names;
  for (const std::string& text : texts) {
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find(',', at), text.size());
      std::string_view name = std::string_view(text).substr(at, end - at);
      name.remove_prefix(std::min(name.find_first_not_of(kBlank), name.size()));
      name = name.substr(0, name.find_last_not_of(kBlank) + 1);
      if (!name.empty()) names.emplace_back(name);
      at = end + 1;
    }
  }
  return names;
}

namespace {

Status ReadLists(const Values& values, MappingOptions& mapping) {
  mapping.networks = SplitNames(values.List("network"));
  for (const std::string& text : values.List("filter")) {
    const auto filter = ParseFilter(text);
    if (!filter) {
      return values.Refuse("filter",
                           "must be label=KEY, label=KEY=VALUE, name=PATTERN, network=PATTERN or "
                           "image=PATTERN, not " +
                               Quoted(text));
    }
    mapping.filters.push_back(*filter);
  }
  for (const std::string& text : values.List("meta")) {
    auto pair = ParsePair(text);
    if (!pair) return values.Refuse("meta", "must be KEY=VALUE, not " + Quoted(text));
    mapping.meta.push_back(std::move(*pair));
  }
  return Status::Ok();
}

Family ReadFamily(const Values& values) {
  const std::string family = values.String("family");
  if (family == "4") return Family::kIpv4;
  return family == "6" ? Family::kIpv6 : Family::kAny;
}

PortSuffix ReadPortSuffix(const Values& values) {
  const std::string suffix = values.String("port-suffix");
  if (suffix == "always") return PortSuffix::kAlways;
  return suffix == "never" ? PortSuffix::kNever : PortSuffix::kAuto;
}

}  // namespace

Result<MappingOptions> ReadMappingOptions(const Values& values) {
  MappingOptions mapping;
  mapping.node_id = values.String("node-id");
  mapping.ip_given = values.Given("ip");
  mapping.ip_force = values.Flag("ip-force");
  mapping.internal = values.Flag("internal");
  mapping.explicit_only = values.Flag("explicit");
  mapping.ip_label = values.String("use-ip-from-label");
  mapping.tags = values.String("tags");
  if (values.String("compat") == "registrator") mapping.compat = Compat::kRegistrator;
  mapping.prefix = values.String("prefix");
  mapping.all_bindings = values.Flag("all-bindings");
  mapping.publish_loopback = values.Flag("publish-loopback");
  if (values.String("host-ports") == "exposed") mapping.host_ports = HostPorts::kExposed;
  mapping.port_suffix = ReadPortSuffix(values);
  mapping.family = ReadFamily(values);
  if (values.String("register-when") == "healthy") mapping.register_when = RegisterWhen::kHealthy;
  mapping.require_label = values.String("require-label");
  mapping.dns_safe_names = values.Flag("dns-safe-names");
  mapping.drain = values.Duration("drain");
  if (Status status = ReadLists(values, mapping); !status.ok()) return status;
  return mapping;
}

}  // namespace signpost::registrar
