// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/fetch_queue.h"

#include <algorithm>

namespace signpost::feed {

void FetchQueue::Push(const catalog::Key& key, Urgency urgency) {
  if (const auto flying = flying_.find(key); flying != flying_.end()) {
    flying->second = std::min(flying->second.value_or(urgency), urgency);
    return;
  }
  const auto [entry, added] = waiting_.emplace(key, urgency);
  if (!added) {
    if (entry->second <= urgency) return;
    entry->second = urgency;
  }
  if (urgency == Urgency::kNow) ++urgent_;
  lanes_[static_cast<size_t>(urgency)].push_back(key);
}

std::optional<catalog::Key> FetchQueue::Take(bool urgent_only) {
  if (flying_.size() >= max_in_flight_) return std::nullopt;
  for (size_t lane = 0; lane < (urgent_only ? 1 : kLanes); ++lane) {
    auto& keys = lanes_[lane];
    while (!keys.empty()) {
      catalog::Key key = std::move(keys.front());
      keys.pop_front();
      const auto it = waiting_.find(key);
      if (it == waiting_.end() || static_cast<size_t>(it->second) != lane) continue;
      waiting_.erase(it);
      if (lane == 0) --urgent_;
      flying_.emplace(key, std::nullopt);
      return key;
    }
  }
  return std::nullopt;
}

bool FetchQueue::TakeDirectly(const catalog::Key& key) {
  if (flying_.size() >= max_in_flight_ || waiting_.contains(key)) return false;
  return flying_.emplace(key, std::nullopt).second;
}

void FetchQueue::Done(const catalog::Key& key) {
  const auto it = flying_.find(key);
  if (it == flying_.end()) return;
  const auto again = it->second;
  flying_.erase(it);
  if (again) Push(key, *again);
}

}  // namespace signpost::feed
