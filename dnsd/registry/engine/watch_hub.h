// Signpost. Apache-2.0; see LICENSE.
// Who waits for which topic. Control thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dnsd/registry/model/topic.h"

namespace signpost::registry {

class WatchHub {
 public:
  // Ends its watch when it goes.
  class Watch {
   public:
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class WatchHub;
    Watch(WatchHub& hub, Topics topics, std::function<void()> on_touched);

    WatchHub& hub_;
    const Topics topics_;
    const std::function<void()> on_touched_;
    uint64_t woken_ = 0;  // the round in which it was last woken
  };

  // `on_touched` is called by Wake, once per call however many of the topics are touched; it may end this watch and any
  // other, and add new ones. The hub outlives the watch.
  [[nodiscard]] std::unique_ptr<Watch> Add(Topics topics, std::function<void()> on_touched);
  void Wake(const std::set<Topic>& touched);
  size_t size() const { return alive_.size(); }

 private:
  using Waiting = std::set<Watch*>;

  void Collect(const Topic& topic, std::vector<Watch*>& found) const;

  std::map<Topic, Waiting> waiting_;
  std::map<size_t, size_t> prefix_lengths_;  // length of the names of kKvBelow topics -> how many have it
  std::set<const Watch*> alive_;
  uint64_t round_ = 0;
};

}  // namespace signpost::registry
