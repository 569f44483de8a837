// Signpost. Apache-2.0; see LICENSE.
// How far the catalog can be trusted, from what the feed's parts report. Pure: the time comes in as an argument.
#pragma once

#include <array>
#include <cstddef>

#include "common/base/clock.h"
#include "dnsd/catalog/catalog.h"

namespace signpost::feed {

class FreshnessTracker {
 public:
  enum Part : unsigned char { kContact, kServices, kNodes, kHealth };

  explicit FreshnessTracker(Nanos max_stale) : max_stale_(max_stale) {}
  void SetMaxStale(Nanos max_stale) { max_stale_ = max_stale; }

  // Data from an earlier run is served; it is that old.
  void Restored(Nanos age, Nanos now);
  // The last exchange of that part succeeded or failed.
  void Report(Part part, bool good) { good_[part] = good; }
  // The ACL guard's opinion.
  void SetTripped(bool tripped) { tripped_ = tripped; }
  // Every service of the first list has been fetched; stays so.
  void SetLoaded() { loaded_ = true; }

  // kFresh: all parts good, loaded, not tripped. Otherwise kStarting if there was never a complete catalog, kStale if
  // it is not older than max_stale, else kExpired.
  catalog::Freshness At(Nanos now);

  // Since the catalog was last known to be complete and true; zero if it never was.
  Nanos Age(Nanos now) const { return have_data_ ? now - last_good_ : Nanos(0); }
  bool have_data() const { return have_data_; }

 private:
  Nanos max_stale_;
  std::array<bool, 4> good_{};
  bool tripped_ = false;
  bool loaded_ = false;
  bool have_data_ = false;
  Nanos last_good_{0};
};

}  // namespace signpost::feed
