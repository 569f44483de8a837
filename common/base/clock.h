// Signpost. Apache-2.0; see LICENSE.
// Time as an interface, so that tests can move it.
#pragma once

#include <chrono>
#include <cstdint>

namespace signpost {

using Millis = std::chrono::milliseconds;
using Nanos = std::chrono::nanoseconds;

// Any thread may call.
class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; the zero point means nothing.
  virtual Nanos Monotonic() const = 0;
  // Since 1970-01-01 UTC; may jump.
  virtual Nanos Wall() const = 0;
};

// Seconds since 1970, for what is compared with other machines' clocks.
inline uint32_t WallSeconds(const Clock& clock) {
  return static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(clock.Wall()).count());
}

// The kernel's clocks. Lives for the whole process.
const Clock& SystemClock();

}  // namespace signpost
