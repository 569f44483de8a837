// Signpost. Apache-2.0; see LICENSE.
// All timeouts of the resolver on one timer of its loop, by the clock that tests may move.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/clock.h"
#include "common/net/deadline.h"
#include "common/net/deadline_book.h"
#include "common/net/timer.h"

namespace signpost::resolver {

class Deadlines {
 public:
  Deadlines(net::Loop& loop, const Clock& clock) : clock_(clock), timer_(loop, [this] { Expire(); }) {}

  Nanos now() const { return clock_.Monotonic(); }
  uint64_t now_ms() const { return static_cast<uint64_t>(std::chrono::duration_cast<Millis>(now()).count()); }

  void Arm(net::Deadline& deadline, Millis after) {
    const Nanos start = now();
    book_.Arm(deadline, start, after);
    if (!timer_.running() || start + after < wake_) Sleep();
  }
  // Tells all that are due.
  void Expire() {
    book_.Expire(now());
    Sleep();
  }

 private:
  void Sleep() {
    const std::optional<Millis> wait = book_.Wait(now());
    if (!wait) {
      timer_.Stop();
      return;
    }
    wake_ = now() + *wait;
    timer_.Start(*wait);
  }

  const Clock& clock_;
  net::DeadlineBook book_;
  net::Timer timer_;
  Nanos wake_{};
};

}  // namespace signpost::resolver
