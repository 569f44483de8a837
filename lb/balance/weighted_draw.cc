// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/weighted_draw.h"

#include <algorithm>

namespace signpost::lb {

void WeightedDraw::Build(const Pool& pool, TierRange range, int version) {
  ends_.clear();
  uint64_t sum = 0;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    if (version != kAnyVersion && pool.members[i].version != version) continue;
    sum += std::max<uint32_t>(1, pool.members[i].weight);
    ends_.push_back({sum, i});
  }
}

uint32_t WeightedDraw::Next(Random& random) const {
  const uint64_t point = random.Below(ends_.back().sum);
  return std::upper_bound(ends_.begin(), ends_.end(), point,
                          [](uint64_t value, const End& end) { return value < end.sum; })
      ->member;
}

const WeightedDraw& WeightedDraws::Of(const Pool& pool, TierRange range, TierGroup group) {
  const auto [entry, is_new] = draws_.try_emplace(group.key());
  if (is_new) entry->second.Build(pool, range, group.version);
  return entry->second;
}

}  // namespace signpost::lb
