// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/browse_name.h"

#include <algorithm>
#include <array>

namespace signpost::service_zone {
namespace {

using Kind = BrowseName::Kind;

// How many of the first `labels` labels stand left of `service` or `service.<datacenter>`; all, if neither ends them.
size_t LeftOfService(const wire::Name& name, size_t labels, std::string_view datacenter) {
  if (labels >= 1 && name.label(labels - 1) == "service") return labels - 1;
  if (labels >= 2 && name.label(labels - 2) == "service" && name.label(labels - 1) == datacenter) return labels - 2;
  return labels;
}

bool NamesDomains(std::string_view label) {
  static constexpr std::array<std::string_view, 5> kLabels = {"b", "db", "r", "dr", "lb"};
  return std::ranges::find(kLabels, label) != kLabels.end();
}

// `left` labels, of which the last two are _dns-sd._udp.
Kind MetaKind(const wire::Name& name, size_t left, bool below_service) {
  if (left == 2) return Kind::kParent;
  if (left != 3) return Kind::kNone;
  if (NamesDomains(name.label(0))) return Kind::kDomains;
  return below_service && name.label(0) == "_services" ? Kind::kTypes : Kind::kNone;
}

void ReadTypeLabels(const wire::Name& name, size_t left, BrowseName& out) {
  const std::string_view type = name.label(left - 2);
  if (type.size() < 2 || type[0] != '_') return;
  out.service = type.substr(1);
  out.type_at = left - 2;
  if (left == 2) {
    out.kind = Kind::kType;
  } else if (left == 3) {
    out.kind = Kind::kInstance;
    out.instance = name.label(0);
  } else if (left == 4 && name.label(1) == "_sub" && name.label(0).size() > 1 && name.label(0)[0] == '_') {
    out.kind = Kind::kSubType;
    out.tag = name.label(0).substr(1);
  }
}

}  // namespace

BrowseName ParseBrowseName(const wire::Name& name, size_t labels, std::string_view datacenter) {
  const size_t left = LeftOfService(name, labels, datacenter);
  if (left == 0) return {};
  const std::string_view protocol = name.label(left - 1);
  const bool udp = protocol == "_udp";
  if (!udp && protocol != "_tcp") return {};
  BrowseName out{.udp = udp, .below_service = left < labels, .domain_at = left};
  if (udp && left == 1) {
    out.kind = Kind::kParent;
  } else if (udp && name.label(left - 2) == "_dns-sd") {
    out.kind = MetaKind(name, left, out.below_service);
  } else if (left >= 2 && out.below_service) {
    ReadTypeLabels(name, left, out);
  }
  return out;
}

}  // namespace signpost::service_zone
