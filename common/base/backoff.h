// Signpost. Apache-2.0; see LICENSE.
// Exponential delay with a cap and jitter, for retries of a failing neighbour.
#pragma once

#include <algorithm>

#include "common/base/clock.h"
#include "common/base/random.h"

namespace signpost {

class Backoff {
 public:
  Backoff(Millis first, Millis cap) : first_(first), cap_(cap), next_(first) {}

  // The delay before the next try: uniform in [step/2, step], where step doubles up to the cap.
  // The jitter keeps many clients of one lost neighbour from returning at the same instant.
  Millis Next(Random& random) {
    const Millis step = next_;
    next_ = std::min(cap_, next_ * 2);
    const auto half = static_cast<uint64_t>(step.count() / 2);
    return Millis(step.count() - static_cast<int64_t>(random.Below(half + 1)));
  }

  void Reset() { next_ = first_; }

 private:
  Millis first_;
  Millis cap_;
  Millis next_;
};

}  // namespace signpost
