// Signpost. Apache-2.0; see LICENSE.
#include "common/base/backoff.h"

#include <gtest/gtest.h>

namespace signpost {
namespace {

TEST(Backoff, DoublesUpToTheCapWithJitterBelow) {
  Random random(1);
  Backoff backoff(Millis(100), Millis(1000));
  for (const int64_t step : {100, 200, 400, 800, 1000, 1000, 1000}) {
    const Millis delay = backoff.Next(random);
    EXPECT_GE(delay, Millis(step / 2)) << step;
    EXPECT_LE(delay, Millis(step)) << step;
  }
}

TEST(Backoff, TheJitterCoversItsWholeRange) {
  Random random(2);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const Millis delay = Backoff(Millis(10), Millis(10)).Next(random);
    low = low || delay == Millis(5);
    high = high || delay == Millis(10);
  }
  EXPECT_TRUE(low);
  EXPECT_TRUE(high);
}

TEST(Backoff, ResetBeginsAgain) {
  Random random(3);
  Backoff backoff(Millis(100), Millis(10'000));
  for (int i = 0; i < 5; ++i) (void)backoff.Next(random);
  backoff.Reset();
  EXPECT_LE(backoff.Next(random), Millis(100));
}

}  // namespace
}  // namespace signpost
