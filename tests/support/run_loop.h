// Signpost. Apache-2.0; see LICENSE.
// Runs a loop in a test until something has happened, or fails it.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "common/net/loop.h"
#include "common/net/timer.h"

namespace signpost::test {

// Runs `loop` on this thread until `done()` (looked at every millisecond) or the deadline, and says which.
// Use it as EXPECT_TRUE(RunUntil(loop, [&] { return count == 3; })).
inline ::testing::AssertionResult RunUntil(net::Loop& loop, const std::function<bool()>& done,
                                           Millis deadline = Millis(5000)) {
  if (done()) return ::testing::AssertionSuccess();
  bool late = false;
  net::Timer look(loop, [&] {
    if (done()) loop.Stop();
  });
  net::Timer limit(loop, [&] {
    late = true;
    loop.Stop();
  });
  look.StartPeriodic(Millis(1));
  limit.Start(deadline);
  loop.Run();
  if (!late || done()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "nothing happened within " << deadline.count() << " ms";
}

// Gives the loop `turns` chances to do something that a test expects not to happen.
inline void RunTurns(net::Loop& loop, int turns = 5) {
  int seen = 0;
  net::Timer tick(loop, [&] {
    if (++seen == turns) loop.Stop();
  });
  tick.StartPeriodic(Millis(1));
  loop.Run();
}

}  // namespace signpost::test
