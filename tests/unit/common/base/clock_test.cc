// Signpost. Apache-2.0; see LICENSE.
#include "common/base/clock.h"

#include <gtest/gtest.h>

namespace signpost {
namespace {

TEST(SystemClock, MonotonicNeverGoesBack) {
  Nanos last = SystemClock().Monotonic();
  for (int i = 0; i < 1000; ++i) {
    const Nanos now = SystemClock().Monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClock, WallIsTheSystemsTime) {
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const Nanos wall = SystemClock().Wall();
  const auto after = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_GE(wall, before);
  EXPECT_LE(wall, after);
}

}  // namespace
}  // namespace signpost
