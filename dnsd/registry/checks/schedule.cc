// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/schedule.h"

#include <algorithm>

namespace signpost::registry {

Schedule::Schedule(size_t max_running, uint64_t seed) : max_running_(std::max<size_t>(max_running, 1)), random_(seed) {}

void Schedule::Add(const std::string& key, Nanos interval, Nanos now) {
  Remove(key);
  interval = std::max(interval, Nanos(1));
  entries_[key] = Entry{.interval = interval, .running = false};
  const auto stagger = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(interval.count())));
  queue_.Set(key, now + Nanos(stagger));
}

void Schedule::Remove(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.running) --running_;
  entries_.erase(found);
  queue_.Erase(key);
}

std::optional<Schedule::Turn> Schedule::Take(Nanos now) {
  if (running_ >= max_running_) return std::nullopt;
  auto due = queue_.TakeDue(now);
  if (!due) return std::nullopt;
  ++running_;
  entries_[due->second].running = true;
  return Turn{.key = std::move(due->second), .waited = now - due->first};
}

void Schedule::Finished(const std::string& key, Nanos now) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.running) return;
  found->second.running = false;
  --running_;
  queue_.Set(key, now + found->second.interval);
}

std::optional<Nanos> Schedule::Next() const { return running_ < max_running_ ? queue_.First() : std::nullopt; }

}  // namespace signpost::registry
