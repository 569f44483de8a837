// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/watch_slots.h"

namespace signpost::feed {

WatchSlots::Grant WatchSlots::Use(const catalog::Key& key, Millis now) {
  Grant grant;
  if (const auto it = holders_.find(key); it != holders_.end()) {
    it->second->used = now;
    order_.splice(order_.begin(), order_, it->second);
    grant.held = true;
    return grant;
  }
  if (holders_.size() >= slots_) {
    if (order_.empty() || now - order_.back().used < min_idle_) return grant;
    grant.evicted = order_.back().key;
    Drop(*grant.evicted);
  }
  order_.push_front({key, now});
  holders_.emplace(key, order_.begin());
  grant.held = grant.fresh = true;
  return grant;
}

void WatchSlots::Drop(const catalog::Key& key) {
  const auto it = holders_.find(key);
  if (it == holders_.end()) return;
  const auto place = it->second;
  holders_.erase(it);  // `key` may live inside *place
  order_.erase(place);
}

std::vector<catalog::Key> WatchSlots::Idle(Millis now, Millis limit) const {
  std::vector<catalog::Key> idle;
  for (auto it = order_.rbegin(); it != order_.rend() && now - it->used >= limit; ++it) idle.push_back(it->key);
  return idle;
}

}  // namespace signpost::feed
