// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/routes.h"

#include <algorithm>
#include <utility>

namespace signpost::resolver {

Routes::Routes(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::ranges::stable_sort(routes_, std::greater<>(), [](const Route& route) { return route.zone.label_count(); });
}

const Route* Routes::Find(const wire::Name& name) const {
  const auto found = std::ranges::find_if(routes_, [&](const Route& route) { return name.EndsWith(route.zone); });
  return found == routes_.end() ? nullptr : &*found;
}

bool Routes::has_default() const {
  return !routes_.empty() && routes_.back().zone.label_count() == 0 && !routes_.back().upstreams.empty();
}

}  // namespace signpost::resolver
