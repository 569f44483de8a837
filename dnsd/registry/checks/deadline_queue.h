// Signpost. Apache-2.0; see LICENSE.
// Keys by the time when something is due for them. Every operation costs O(log n).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/base/clock.h"

namespace signpost::registry {

class DeadlineQueue {
 public:
  // Replaces the time the key had.
  void Set(const std::string& key, Nanos when) {
    Erase(key);
    when_[key] = when;
    order_.emplace(when, key);
  }
  void Erase(const std::string& key) {
    const auto found = when_.find(key);
    if (found == when_.end()) return;
    order_.erase({found->second, key});
    when_.erase(found);
  }

  std::optional<Nanos> First() const {
    return order_.empty() ? std::nullopt : std::optional<Nanos>(order_.begin()->first);
  }
  // The earliest key whose time has come, with that time; it is taken out.
  std::optional<std::pair<Nanos, std::string>> TakeDue(Nanos now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    std::pair<Nanos, std::string> due = *order_.begin();
    Erase(due.second);
    return due;
  }
  // How many are due, counted up to `limit`.
  size_t CountDue(Nanos now, size_t limit) const {
    size_t count = 0;
    for (auto it = order_.begin(); it != order_.end() && it->first <= now && count < limit; ++it) ++count;
    return count;
  }
  size_t size() const { return order_.size(); }

 private:
  std::map<std::string, Nanos> when_;
  std::set<std::pair<Nanos, std::string>> order_;
};

}  // namespace signpost::registry
