// Signpost. Apache-2.0; see LICENSE.
// One service as each source sees it, and whose word counts. Pure.
#pragma once

#include <array>
#include <optional>

#include "common/base/clock.h"
#include "lb/discovery/source.h"

namespace signpost::lb {

class SourceViews {
 public:
  // Null: that source does not know it any more.
  void Tell(SourceKind kind, DiscoveredServicePtr service, Millis now);
  const DiscoveredServicePtr& of(SourceKind kind) const { return views_[static_cast<size_t>(kind)]; }
  bool empty() const { return !views_[0] && !views_[1] && !views_[2]; }

  struct Choice {
    SourceKind kind = SourceKind::kStatic;
    DiscoveredServicePtr service;  // null = nobody knows it
  };
  // The config file before the catalog before DNS; but DNS, when it has instances, if the catalog has been held for
  // `dns_after` (case C27) or has never listed the service: who asks it by name learns that it is not there.
  Choice Choose(Millis now, Millis dns_after) const;
  // When Choose will say something else by the passing of time alone.
  std::optional<Millis> NextChange(Millis now, Millis dns_after) const;

 private:
  bool DnsHasInstances() const;
  bool CatalogIsSilent() const;
  bool DnsStandsBy() const;

  std::array<DiscoveredServicePtr, 3> views_;
  Millis held_since_{0};  // the catalog's view, while it is kHeld
};

}  // namespace signpost::lb
