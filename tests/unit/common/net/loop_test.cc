// Signpost. Apache-2.0; see LICENSE.
#include "common/net/loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "common/net/timer.h"
#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunUntil;

TEST(LoopTest, TasksRunInPostingOrderOnTheLoopsThread) {
  Loop loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    loop.Post([&, i] {
      loop.AssertInLoop();
      order.push_back(i);
    });
  }
  EXPECT_TRUE(order.empty()) << "run inside Post";
  EXPECT_TRUE(RunUntil(loop, [&] { return order.size() == 3; }));
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST(LoopTest, ManyThreadsMayPost) {
  Loop loop;
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<int> last(kThreads, -1);
  int in_order = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop.Post([&, t, i] {
          if (last[t] + 1 == i) ++in_order;
          last[t] = i;
        });
      }
    });
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return in_order == kThreads * kEach; }));
  for (std::thread& thread : threads) thread.join();
}

TEST(LoopTest, TaskMayPostAnother) {
  Loop loop;
  int depth = 0;
  std::function<void()> again = [&] {
    if (++depth < 5) loop.Post(again);
  };
  loop.Post(again);
  EXPECT_TRUE(RunUntil(loop, [&] { return depth == 5; }));
}

TEST(LoopTest, StopFromAnotherThreadEndsRun) {
  Loop loop;
  std::thread other([&] { loop.Stop(); });
  loop.Run();
  other.join();
}

TEST(LoopTest, StopInsideEndsRunAndTheLoopRunsAgain) {
  Loop loop;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    loop.Post([&] {
      ++runs;
      loop.Stop();
    });
    loop.Run();
  }
  EXPECT_EQ(runs, 3);
}

TEST(LoopTest, WaitingTasksAreDestroyedUnrun) {
  const auto token = std::make_shared<int>(0);
  bool ran = false;
  {
    Loop loop;
    loop.Post([token, &ran] { ran = true; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST(LoopTest, DestroyedTaskMayOwnObjectsOfTheLoop) {
  Loop loop;
  loop.Post([timer = std::make_shared<Timer>(loop, [] {})] { timer->Stop(); });
}

TEST(LoopTest, NowGoesOn) {
  Loop loop;
  const Millis before = loop.Now();
  Timer timer(loop, [&] { loop.Stop(); });
  timer.Start(Millis(20));
  loop.Run();
  EXPECT_GE(loop.Now() - before, Millis(20));
}

TEST(LoopDeathTest, UseOnAnotherThreadAborts) {
  EXPECT_DEATH(
      {
        Loop loop;
        Timer timer(loop, [] {});
        loop.Post([&] { std::thread([&] { timer.Start(Millis(1)); }).join(); });
        loop.Run();
      },
      "used on another thread");
}

}  // namespace
}  // namespace signpost::net
