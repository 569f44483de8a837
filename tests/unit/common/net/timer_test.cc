// Signpost. Apache-2.0; see LICENSE.
#include "common/net/timer.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunTurns;
using test::RunUntil;

class TimerTest : public ::testing::Test {
 protected:
  Loop loop;
  int fired = 0;
};

TEST_F(TimerTest, FiresOnceAfterItsDelay) {
  const Millis start = loop.Now();
  Millis at{0};
  Timer timer(loop, [&] {
    ++fired;
    at = loop.Now();
  });
  EXPECT_FALSE(timer.running());
  timer.Start(Millis(15));
  EXPECT_TRUE(timer.running());
  EXPECT_TRUE(RunUntil(loop, [&] { return fired == 1; }));
  EXPECT_GE(at - start, Millis(15));
  EXPECT_FALSE(timer.running());
  RunTurns(loop);
  EXPECT_EQ(fired, 1);
}

TEST_F(TimerTest, PeriodicFiresUntilStopped) {
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++fired == 3) timer->Stop();
  });
  timer->StartPeriodic(Millis(1));
  EXPECT_TRUE(RunUntil(loop, [&] { return fired == 3; }));
  RunTurns(loop);
  EXPECT_EQ(fired, 3);
}

TEST_F(TimerTest, StopPreventsFiring) {
  Timer timer(loop, [&] { ++fired; });
  timer.Start(Millis(0));
  timer.Stop();
  RunTurns(loop);
  EXPECT_EQ(fired, 0);
}

TEST_F(TimerTest, StartMovesARunningTimer) {
  std::string order;
  Timer moved(loop, [&] { order += 'm'; });
  Timer other(loop, [&] { order += 'o'; });
  moved.Start(Millis(0));
  other.Start(Millis(5));
  moved.Start(Millis(20));
  EXPECT_TRUE(RunUntil(loop, [&] { return order.size() == 2; }));
  EXPECT_EQ(order, "om");
}

TEST_F(TimerTest, MayRestartItselfInItsCallback) {
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++fired < 3) timer->Start(Millis(0));
  });
  timer->Start(Millis(0));
  EXPECT_TRUE(RunUntil(loop, [&] { return fired == 3; }));
}

TEST_F(TimerTest, ARestartWithoutDelayLetsTasksRun) {
  std::optional<Timer> timer;
  bool posted = false;
  timer.emplace(loop, [&] {
    if (++fired == 1) loop.Post([&] { posted = true; });
    if (!posted && fired < 100000) timer->Start(Millis(0));
  });
  timer->Start(Millis(0));
  EXPECT_TRUE(RunUntil(loop, [&] { return posted; }));
  EXPECT_LT(fired, 1000);
}

TEST_F(TimerTest, MayDieInItsCallback) {
  const auto token = std::make_shared<int>(7);
  auto timer = std::make_unique<Timer>(loop, [] {});
  timer = std::make_unique<Timer>(loop, [&, token] {
    timer.reset();
    fired = *token;  // the captures outlive the timer object
  });
  timer->StartPeriodic(Millis(1));
  EXPECT_TRUE(RunUntil(loop, [&] { return fired == 7; }));
  RunTurns(loop);
  EXPECT_EQ(token.use_count(), 1) << "the callback went too";
}

TEST_F(TimerTest, MayOutliveItsLoop) {
  auto own = std::make_unique<Loop>();
  Timer timer(*own, [&] { ++fired; });
  timer.Start(Millis(0));
  own.reset();
  EXPECT_FALSE(timer.running());
  timer.Start(Millis(0));
  timer.Stop();
  EXPECT_EQ(fired, 0);
}

}  // namespace
}  // namespace signpost::net
