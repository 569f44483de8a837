// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/critical_tracker.h"

#include <algorithm>

namespace signpost::registry {

void CriticalTracker::Watch(const std::string& check, const Service& service, Nanos after) {
  if (after <= Nanos(0)) {
    checks_.erase(check);
    return;
  }
  after = std::max(after, options_.minimum);
  Entry& entry = checks_[check];
  if (entry.after == after && entry.service == service) return;
  entry = Entry{.service = service, .after = after, .critical_since = std::nullopt};
}

void CriticalTracker::Forget(const std::string& check) { checks_.erase(check); }

void CriticalTracker::OnStatus(const std::string& check, bool critical, Nanos now) {
  const auto found = checks_.find(check);
  if (found == checks_.end()) return;
  std::optional<Nanos>& since = found->second.critical_since;
  if (!critical) {
    since.reset();
  } else if (!since) {
    since = now;
  }
}

std::vector<CriticalTracker::Service> CriticalTracker::Due(Nanos now) {
  std::vector<Service> due;
  // A timer of that period may fire a little early by this clock.
  if (examined_ && now - *examined_ < options_.period - options_.period / 100) return due;
  examined_ = now;
  for (const auto& [check, entry] : checks_) {
    if (!entry.critical_since || now - *entry.critical_since <= entry.after) continue;
    if (std::find(due.begin(), due.end(), entry.service) == due.end()) due.push_back(entry.service);
  }
  return due;
}

}  // namespace signpost::registry
