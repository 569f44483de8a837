// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/zone_name.h"

#include <optional>
#include <span>

namespace signpost::service_zone {
namespace {

std::optional<NameKind> Keyword(std::string_view label) {
  switch (label.size()) {
    case 4:
      if (label == "node") return NameKind::kNode;
      if (label == "addr") return NameKind::kAddress;
      break;
    case 5:
      if (label == "query") return NameKind::kQuery;
      break;
    case 7:
      if (label == "service") return NameKind::kService;
      if (label == "connect") return NameKind::kConnect;
      if (label == "ingress") return NameKind::kIngress;
      break;
    default:
      break;
  }
  return std::nullopt;
}

// Fills name and tag from the labels [0, left) of a service name.
void ReadServiceLabels(const wire::Name& name, size_t left, ZoneNameText& text, ZoneName& out) {
  const std::string_view last = name.label(left - 1);
  // RFC 2782: _service._protocol, where any protocol but tcp is a tag.
  if (left == 2 && name.label(0).starts_with('_') && last.starts_with('_')) {
    out.name = name.label(0).substr(1);
    if (last != "_tcp") out.tag = last.substr(1);
    return;
  }
  out.name = last;
  out.tag = name.Text(0, left - 1, std::span(text).subspan(wire::kMaxName));
  out.maybe_non_terminal = left == 1 && last == "_tcp";
}

void ReadLabels(const wire::Name& name, size_t left, ZoneNameText& text, ZoneName& out) {
  switch (out.kind) {
    case NameKind::kService:
      ReadServiceLabels(name, left, text, out);
      break;
    case NameKind::kConnect:
    case NameKind::kIngress:
      out.name = name.label(left - 1);
      break;
    case NameKind::kAddress:
      out.name = name.label(0);
      if (left != 1) out.kind = NameKind::kNone;
      break;
    default:
      out.name = name.Text(0, left, text);
      break;
  }
}

}  // namespace

ZoneName ParseZoneName(const wire::Name& name, size_t labels, ZoneNameText& text) {
  if (labels == 0) return {.kind = NameKind::kApex};
  ZoneName out;
  // The right-most keyword decides, so services and tags may be called like one.
  size_t left = labels;
  size_t suffix = 0;
  for (size_t i = labels; i-- > 0;) {
    const std::string_view label = name.label(i);
    const auto keyword = Keyword(label);
    if (!keyword && !label.starts_with('_')) continue;
    out.kind = keyword.value_or(NameKind::kService);
    out.srv_only = !keyword;
    left = keyword ? i : i + 1;
    suffix = labels - i - 1;
    break;
  }
  if (out.kind == NameKind::kNone)
    return {.kind = labels == 1 ? NameKind::kDatacenter : NameKind::kNone, .datacenter = name.label(0)};
  if (suffix > 1) return {};
  if (suffix == 1) out.datacenter = name.label(labels - 1);
  if (left == 0) return {.kind = NameKind::kNonTerminal, .datacenter = out.datacenter};
  // Catalog names with a dot inside one label cannot be told apart from two labels.
  if (name.has_dot_in_label()) return {};
  ReadLabels(name, left, text, out);
  return out;
}

}  // namespace signpost::service_zone
