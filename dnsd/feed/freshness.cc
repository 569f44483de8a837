// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/freshness.h"

#include <algorithm>

namespace signpost::feed {

void FreshnessTracker::Restored(Nanos age, Nanos now) {
  have_data_ = true;
  last_good_ = now - std::max(age, Nanos(0));
}

catalog::Freshness FreshnessTracker::At(Nanos now) {
  const bool all_good = std::all_of(good_.begin(), good_.end(), [](bool good) { return good; });
  if (all_good && loaded_ && !tripped_) {
    have_data_ = true;
    last_good_ = now;
    return catalog::Freshness::kFresh;
  }
  if (!have_data_) return catalog::Freshness::kStarting;
  return now - last_good_ < max_stale_ ? catalog::Freshness::kStale : catalog::Freshness::kExpired;
}

}  // namespace signpost::feed
