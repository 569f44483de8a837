// Signpost. Apache-2.0; see LICENSE.
// In which order the upstreams of a route are asked. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dnsd/resolver/upstream.h"

namespace signpost::resolver {

inline constexpr uint64_t kExploreOneIn = 50;

// Indices of those that do not loop: first those that are up and well by round trip, the unknown ones behind the known
// and in the order of the configuration; then those that miss replies or give useless ones; those that are down last.
// One `draw` (any number) in fifty puts another well one before the best known, so that a faster one is noticed.
inline std::vector<size_t> AskingOrder(std::span<const Upstream* const> upstreams, uint64_t draw) {
  const auto tier = [](const Upstream& u) { return !u.up() ? 3 : u.suspect() ? 2 : u.useless() ? 1 : 0; };
  const auto rtt = [](const Upstream& u) {
    return u.srtt_ms() > 0 ? u.srtt_ms() : static_cast<double>(Upstream::kUnknownTimeout.count());
  };
  std::vector<size_t> order;
  for (size_t i = 0; i < upstreams.size(); ++i) {
    if (!upstreams[i]->loop()) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    const Upstream& left = *upstreams[a];
    const Upstream& right = *upstreams[b];
    return tier(left) != tier(right) ? tier(left) < tier(right) : rtt(left) < rtt(right);
  });
  const auto well = std::ranges::count_if(order, [&](size_t i) { return tier(*upstreams[i]) == 0; });
  const bool known = well > 1 && upstreams[order.front()]->srtt_ms() > 0;
  if (known && draw % kExploreOneIn == 0) {
    const auto chosen =
        order.begin() + 1 + static_cast<int64_t>(draw / kExploreOneIn % static_cast<uint64_t>(well - 1));
    std::rotate(order.begin(), chosen, chosen + 1);
  }
  return order;
}

}  // namespace signpost::resolver
