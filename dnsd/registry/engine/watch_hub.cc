// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/watch_hub.h"

#include <utility>

namespace signpost::registry {

WatchHub::Watch::Watch(WatchHub& hub, Topics topics, std::function<void()> on_touched)
    : hub_(hub), topics_(std::move(topics)), on_touched_(std::move(on_touched)) {
  for (const Topic& topic : topics_) {
    if (hub_.waiting_[topic].insert(this).second && topic.kind == Topic::Kind::kKvBelow) {
      ++hub_.prefix_lengths_[topic.name.size()];
    }
  }
  hub_.alive_.insert(this);
}

WatchHub::Watch::~Watch() {
  hub_.alive_.erase(this);
  for (const Topic& topic : topics_) {
    const auto waiting = hub_.waiting_.find(topic);
    if (waiting == hub_.waiting_.end() || waiting->second.erase(this) == 0) continue;
    if (waiting->second.empty()) hub_.waiting_.erase(waiting);
    if (topic.kind != Topic::Kind::kKvBelow) continue;
    const auto length = hub_.prefix_lengths_.find(topic.name.size());
    if (--length->second == 0) hub_.prefix_lengths_.erase(length);
  }
}

std::unique_ptr<WatchHub::Watch> WatchHub::Add(Topics topics, std::function<void()> on_touched) {
  return std::unique_ptr<Watch>(new Watch(*this, std::move(topics), std::move(on_touched)));
}

void WatchHub::Collect(const Topic& topic, std::vector<Watch*>& found) const {
  const auto waiting = waiting_.find(topic);
  if (waiting != waiting_.end()) found.insert(found.end(), waiting->second.begin(), waiting->second.end());
}

void WatchHub::Wake(const std::set<Topic>& touched) {
  std::vector<Watch*> found;
  for (const Topic& topic : touched) {
    Collect(topic, found);
    if (topic.kind != Topic::Kind::kKv) continue;
    for (const auto& [length, count] : prefix_lengths_) {
      if (length > topic.name.size()) break;
      Collect({.kind = Topic::Kind::kKvBelow, .name = topic.name.substr(0, length)}, found);
    }
  }
  const uint64_t round = ++round_;
  for (Watch* watch : found) {
    if (!alive_.contains(watch) || std::exchange(watch->woken_, round) == round) continue;
    const auto on_touched = watch->on_touched_;  // which may end the watch
    on_touched();
  }
}

}  // namespace signpost::registry
