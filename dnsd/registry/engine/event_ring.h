// Signpost. Apache-2.0; see LICENSE.
// The newest user events. In memory only, as in Consul. Control thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace signpost::registry {

struct Event {
  std::string id;  // UUID
  std::string name;
  std::string payload;
  std::string node_filter;  // regular expressions
  std::string service_filter;
  std::string tag_filter;
  uint64_t logical_time = 0;
};

class EventRing {
 public:
  static constexpr size_t kCapacity = 256;

  // The logical time of the event that comes next; the first one's is 2, as in Consul.
  uint64_t next_time() const { return next_time_; }
  void Add(Event event) {
    event.logical_time = next_time_++;
    events_.push_back(std::move(event));
    if (events_.size() > kCapacity) events_.pop_front();
  }
  // An event that this node does not hear of takes its time all the same.
  void Skip() { ++next_time_; }
  // Oldest first.
  const std::deque<Event>& events() const { return events_; }

 private:
  std::deque<Event> events_;
  uint64_t next_time_ = 2;
};

}  // namespace signpost::registry
