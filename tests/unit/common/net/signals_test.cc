// Signpost. Apache-2.0; see LICENSE.
#include "common/net/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunUntil;

TEST(SignalWatcherTest, CallsBackForEachSignal) {
  Loop loop;
  int hups = 0;
  int terms = 0;
  const SignalWatcher hup(loop, SIGHUP, [&] { ++hups; });
  const SignalWatcher term(loop, SIGTERM, [&] { ++terms; });
  for (int i = 1; i <= 2; ++i) {
    raise(SIGHUP);
    EXPECT_TRUE(RunUntil(loop, [&] { return hups == i; }));
  }
  EXPECT_EQ(terms, 0);
}

TEST(SignalWatcherTest, MayDieInItsCallback) {
  Loop loop;
  bool called = false;
  std::unique_ptr<SignalWatcher> watcher;
  watcher = std::make_unique<SignalWatcher>(loop, SIGUSR1, [&] {
    watcher.reset();
    called = true;
  });
  raise(SIGUSR1);
  EXPECT_TRUE(RunUntil(loop, [&] { return called; }));
}

TEST(SignalWatcherTest, ALoopMakesBrokenPipesHarmless) {
  const Loop loop;
  raise(SIGPIPE);
}

TEST(HoldSignalsDeathTest, ASecondRequestToEndIsNoFailure) {
  const auto end_twice = [] {
    HoldSignals({SIGTERM, SIGINT});
    raise(SIGTERM);
    raise(SIGINT);
    _exit(0);
  };
  EXPECT_EXIT(end_twice(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace signpost::net
