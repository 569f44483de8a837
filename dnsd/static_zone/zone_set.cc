// Signpost. Apache-2.0; see LICENSE.
#include <utility>

#include "dnsd/static_zone/rdata.h"
#include "dnsd/static_zone/zone.h"

namespace signpost::static_zone {
namespace {

// Every name lies in the root.
constexpr uint64_t kAllTops = ~uint64_t{0};

uint64_t TopOf(const wire::Name& name) {
  if (name.label_count() == 0) return kAllTops;
  const std::string_view last = name.label(name.label_count() - 1);
  const size_t kind = last.size() + 7 * static_cast<uint8_t>(last.front()) + static_cast<uint8_t>(last.back());
  return uint64_t{1} << kind % 64;
}

}  // namespace

void ZoneSet::Add(std::shared_ptr<const Zone> zone) {
  const auto [at, is_new] = by_origin_.try_emplace(std::string(Text(zone->origin().wire())), zone.get());
  if (!is_new) {
    if (zone->built_in() && !at->second->built_in()) return;
    std::erase_if(zones_, [old = at->second](const auto& known) { return known.get() == old; });
    at->second = zone.get();
  }
  tops_ |= TopOf(zone->origin());
  zones_.push_back(std::move(zone));
}

const Zone* ZoneSet::Find(const wire::Name& name, uint16_t type) const {
  if ((tops_ & TopOf(name)) == 0) return nullptr;
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
