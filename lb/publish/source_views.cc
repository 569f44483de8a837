// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/source_views.h"

#include <utility>

namespace signpost::lb {

void SourceViews::Tell(SourceKind kind, DiscoveredServicePtr service, Millis now) {
  DiscoveredServicePtr& view = views_[static_cast<size_t>(kind)];
  if (kind == SourceKind::kConsul) {
    const bool was_held = view && view->state == ServiceState::kHeld;
    if (!was_held) held_since_ = now;
  }
  view = std::move(service);
}

bool SourceViews::DnsHasInstances() const {
  const DiscoveredServicePtr& dns = of(SourceKind::kDns);
  return !of(SourceKind::kStatic) && dns && !dns->instances.empty();
}

// Whatever is registered has an index, even if none of it can be used.
bool SourceViews::CatalogIsSilent() const {
  const DiscoveredServicePtr& catalog = of(SourceKind::kConsul);
  return catalog && catalog->instances.empty() && catalog->create_index == 0;
}

bool SourceViews::DnsStandsBy() const {
  const DiscoveredServicePtr& catalog = of(SourceKind::kConsul);
  return DnsHasInstances() && catalog && catalog->state == ServiceState::kHeld && !CatalogIsSilent();
}

SourceViews::Choice SourceViews::Choose(Millis now, Millis dns_after) const {
  const bool waited = DnsStandsBy() && now - held_since_ >= dns_after;
  if (waited || (DnsHasInstances() && CatalogIsSilent())) return {SourceKind::kDns, of(SourceKind::kDns)};
  for (const SourceKind kind : {SourceKind::kStatic, SourceKind::kConsul, SourceKind::kDns}) {
    if (of(kind)) return {kind, of(kind)};
  }
  return {};
}

std::optional<Millis> SourceViews::NextChange(Millis now, Millis dns_after) const {
  if (!DnsStandsBy() || now - held_since_ >= dns_after) return std::nullopt;
  return held_since_ + dns_after;
}

}  // namespace signpost::lb
