// Signpost. Apache-2.0; see LICENSE.
#include <utility>

#include "dnsd/static_zone/rdata.h"
#include "dnsd/static_zone/zone.h"

namespace signpost::static_zone {

void ZoneSet::Add(std::shared_ptr<const Zone> zone) {
  const auto [at, is_new] = by_origin_.try_emplace(std::string(Text(zone->origin().wire())), zone.get());
  if (!is_new) {
    if (zone->built_in() && !at->second->built_in()) return;
    std::erase_if(zones_, [old = at->second](const auto& known) { return known.get() == old; });
    at->second = zone.get();
  }
  zones_.push_back(std::move(zone));
}

const Zone* ZoneSet::Find(const wire::Name& name, uint16_t type) const {
  const Zone* own = nullptr;
  for (size_t label = 0; label <= name.label_count(); ++label) {
    const auto found = by_origin_.find(Text(name.wire().subspan(name.offset(label))));
    if (found == by_origin_.end()) continue;
    // DS belongs to the parent's side of a cut (RFC 4035 3.1.4.1).
    if (own != nullptr || label != 0 || type != wire::type::kDs) return found->second;
    own = found->second;
  }
  return own;
}

}  // namespace signpost::static_zone
