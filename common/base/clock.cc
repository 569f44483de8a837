// Signpost. Apache-2.0; see LICENSE.
#include "common/base/clock.h"

namespace signpost {
namespace {

class KernelClock final : public Clock {
 public:
  Nanos Monotonic() const override {
    return std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch());
  }
  Nanos Wall() const override {
    return std::chrono::duration_cast<Nanos>(std::chrono::system_clock::now().time_since_epoch());
  }
};

}  // namespace

const Clock& SystemClock() {
  static const KernelClock clock;
  return clock;
}

}  // namespace signpost
