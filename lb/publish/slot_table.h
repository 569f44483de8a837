// Signpost. Apache-2.0; see LICENSE.
// Numbers for pools. A number that was given back rests before another pool gets it: requests under way that began with
// it must not end at another service. Pure.
#pragma once

#include <cstdint>
#include <deque>

#include "common/base/clock.h"

namespace signpost::lb {

class SlotTable {
 public:
  explicit SlotTable(Millis rest) : rest_(rest) {}

  uint32_t Take(Millis now) {
    if (resting_.empty() || now - resting_.front().since < rest_) return size_++;
    const uint32_t slot = resting_.front().slot;
    resting_.pop_front();
    return slot;
  }
  void GiveBack(uint32_t slot, Millis now) { resting_.push_back({slot, now}); }
  // One more than the greatest number ever given.
  uint32_t size() const { return size_; }

 private:
  struct Resting {
    uint32_t slot;
    Millis since;
  };
  Millis rest_;
  uint32_t size_ = 0;
  std::deque<Resting> resting_;
};

}  // namespace signpost::lb
