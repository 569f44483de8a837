// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/endpoint.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace signpost::lb {
namespace {

net::SocketAddress Address(std::string_view text) { return net::SocketAddress::Parse(text, 0).value(); }

class EndpointTest : public testing::Test {
 protected:
  EndpointTest() { settings_.fail_timeout = Millis(4000); }

  void Fail(int64_t now) { endpoint_.Report(settings_, Outcome::kFailure, Millis(now)); }
  // A request that is chosen and answered at the same moment.
  void Succeed(int64_t now) {
    EXPECT_TRUE(endpoint_.Chosen(settings_, Millis(now)));
    endpoint_.Report(settings_, Outcome::kSuccess, Millis(now));
  }
  bool Passing(int64_t now) const { return endpoint_.Passing(settings_, Millis(now)); }
  bool Chosen(int64_t now) { return endpoint_.Chosen(settings_, Millis(now)); }
  EndpointState State(int64_t now) const { return endpoint_.State(settings_, Millis(now)); }

  ServiceSettings settings_;
  Endpoint endpoint_{Address("192.0.2.1:8080"), Millis(0)};
};

TEST_F(EndpointTest, NameAndHashComeFromTheAddressAlone) {
  EXPECT_EQ(endpoint_.name(), "192.0.2.1:8080");
  EXPECT_EQ(endpoint_.hash(), Endpoint(Address("192.0.2.1:8080"), Millis(77)).hash());
  EXPECT_NE(endpoint_.hash(), Endpoint(Address("192.0.2.1:8081"), Millis(0)).hash());
}

TEST_F(EndpointTest, AcquireCountsUpToTheLimit) {
  EXPECT_TRUE(endpoint_.Acquire(2));
  EXPECT_TRUE(endpoint_.Acquire(2));
  EXPECT_FALSE(endpoint_.Acquire(2));
  EXPECT_TRUE(endpoint_.Acquire(0)) << "0 is any number";
  EXPECT_EQ(endpoint_.in_use(), 3U);
  endpoint_.Release();
  EXPECT_FALSE(endpoint_.Acquire(2));
  endpoint_.Release();
  EXPECT_TRUE(endpoint_.Acquire(2));
}

TEST(EndpointUse, ReleasesOnce) {
  const auto endpoint = std::make_shared<Endpoint>(Address("192.0.2.1:80"), Millis(0));
  ASSERT_TRUE(endpoint->Acquire(0));
  {
    EndpointUse use(endpoint);
    EndpointUse moved(std::move(use));
    EXPECT_EQ(endpoint->in_use(), 1U);
    moved.Reset();
    EXPECT_EQ(endpoint->in_use(), 0U);
  }
  EXPECT_EQ(endpoint->in_use(), 0U);
}

// F01: out for fail_timeout, then exactly one probe per period.
TEST_F(EndpointTest, F01_OneProbePerPeriod) {
  Fail(1000);
  EXPECT_FALSE(Passing(1000));
  EXPECT_FALSE(Passing(5000)) << "fail_timeout must have passed";
  EXPECT_TRUE(Passing(5001));
  EXPECT_TRUE(Chosen(5001)) << "the probe";
  EXPECT_FALSE(Passing(5001)) << "all others still see it failed";
  EXPECT_FALSE(Chosen(5001)) << "a thread that saw it passing a moment before";
  EXPECT_FALSE(Passing(9001));
  EXPECT_TRUE(Chosen(9002)) << "the first probe was never answered: another period";

  endpoint_.Report(settings_, Outcome::kSuccess, Millis(9010));
  EXPECT_TRUE(Passing(9010));
  EXPECT_EQ(endpoint_.fails(), 0U);
}

TEST_F(EndpointTest, F01_AFailedProbeCostsAnotherPeriod) {
  Fail(1000);
  EXPECT_TRUE(Chosen(5001));
  Fail(5100);
  EXPECT_FALSE(Passing(9100));
  EXPECT_TRUE(Passing(9101));
}

// F02: failures that are each at most fail_timeout apart add up in gap mode, not in sliding mode.
TEST_F(EndpointTest, F02_GapsAndWindows) {
  settings_.max_fails = 3;
  for (const int64_t time : {0, 3100, 6200}) Fail(time);
  EXPECT_FALSE(Passing(6200));
}

TEST_F(EndpointTest, F02_Sliding) {
  settings_.max_fails = 3;
  settings_.fail_window = FailWindow::kSliding;
  for (const int64_t time : {0, 3100, 6200}) Fail(time);
  EXPECT_TRUE(Passing(6200)) << "two within 4 s";
  Fail(7000);
  EXPECT_FALSE(Passing(7000)) << "three within 4 s";
  EXPECT_TRUE(Chosen(11001));
  Fail(11002);
  EXPECT_FALSE(Passing(11003)) << "a failed probe is alone in its window and keeps it out all the same";
  EXPECT_TRUE(Chosen(15003));
  endpoint_.Report(settings_, Outcome::kSuccess, Millis(15004));
  Fail(15005);
  Fail(15006);
  EXPECT_TRUE(Passing(15006)) << "forgiven failures do not count";
}

// F03: a success forgives only when the last failure belongs to an earlier period.
TEST_F(EndpointTest, F03_SuccessInTheSamePeriodForgivesNothing) {
  settings_.max_fails = 2;
  Fail(1000);
  Succeed(2000);
  EXPECT_EQ(endpoint_.fails(), 1U);
  Fail(3000);
  EXPECT_FALSE(Passing(3000));
}

TEST_F(EndpointTest, F03_SuccessInALaterPeriodForgives) {
  settings_.max_fails = 2;
  Fail(1000);
  Succeed(5001);
  EXPECT_EQ(endpoint_.fails(), 0U);
  Fail(5002);
  EXPECT_TRUE(Passing(5002));
}

TEST_F(EndpointTest, F05_SuccessInPanicForgives) {
  Fail(1000);
  EXPECT_FALSE(Chosen(1500));
  endpoint_.ChosenInPanic(Millis(1500));
  EXPECT_FALSE(Passing(1500)) << "before its answer";
  endpoint_.Report(settings_, Outcome::kSuccess, Millis(1600));
  EXPECT_TRUE(Passing(1600));
  Fail(2000);
  endpoint_.ChosenInPanic(Millis(2500));
  Fail(2600);
  endpoint_.Report(settings_, Outcome::kSuccess, Millis(2700));
  EXPECT_FALSE(Passing(2700)) << "another use failed meanwhile";
}

TEST_F(EndpointTest, AnswersFromBeforeTheFailureForgiveNothing) {
  EXPECT_TRUE(Chosen(900));
  Fail(1000);
  endpoint_.Report(settings_, Outcome::kSuccess, Millis(1100));
  EXPECT_FALSE(Passing(1100));
}

TEST_F(EndpointTest, NeutralOutcomesAndMaxFailsZeroCountNothing) {
  endpoint_.Report(settings_, Outcome::kNeutral, Millis(1));
  EXPECT_EQ(endpoint_.fails(), 0U);
  settings_.max_fails = 0;
  for (int i = 0; i < 10; ++i) Fail(i);
  EXPECT_EQ(endpoint_.fails(), 0U);
  EXPECT_EQ(endpoint_.effective_share(), 256U);
  EXPECT_TRUE(Passing(10));
}

// F22: time only ever comes in as an argument; one that lies before the failure does not open a period.
TEST_F(EndpointTest, F22_TimeBeforeTheFailureChangesNothing) {
  Fail(3'600'000);
  EXPECT_FALSE(Passing(0));
  EXPECT_FALSE(Chosen(0));
  EXPECT_TRUE(Passing(3'604'001));
}

TEST_F(EndpointTest, FailuresTakeWeightThatSelectionRoundsGiveBack) {
  settings_.max_fails = 4;
  Fail(1);
  Fail(2);
  EXPECT_EQ(endpoint_.effective_share(), 128U);
  Fail(3);
  Fail(4);
  Fail(5);
  EXPECT_EQ(endpoint_.effective_share(), 0U);
  endpoint_.Climb(4);
  EXPECT_EQ(endpoint_.effective_share(), 64U) << "one of four";
  for (int round = 0; round < 3; ++round) endpoint_.Climb(4);
  EXPECT_EQ(endpoint_.effective_share(), 256U);
  endpoint_.Climb(4);
  EXPECT_EQ(endpoint_.effective_share(), 256U);
}

TEST_F(EndpointTest, HeavyEndpointsClimbIn256Rounds) {
  Fail(1);
  for (int round = 0; round < 255; ++round) endpoint_.Climb(65535);
  EXPECT_EQ(endpoint_.effective_share(), 255U);
  endpoint_.Climb(0);
  EXPECT_EQ(endpoint_.effective_share(), 256U);
}

TEST_F(EndpointTest, SlowStartIsLinearFromOnePercent) {
  settings_.slow_start = Millis(10000);
  EXPECT_EQ(endpoint_.Ramp(settings_, Millis(1)), 65536U) << "it was there from the beginning";
  endpoint_.RestartSlowStart(Millis(1000));
  const std::pair<int64_t, uint32_t> cases[] = {{500, 655},    {1000, 655},    {1100, 655},    {2000, 6553},
                                                {6000, 32768}, {10999, 65529}, {11000, 65536}, {99000, 65536}};
  for (const auto& [now, parts] : cases) EXPECT_EQ(endpoint_.Ramp(settings_, Millis(now)), parts) << now;
  EXPECT_EQ(State(6000), EndpointState::kSlowStart);
  EXPECT_EQ(State(11000), EndpointState::kUsable);
  settings_.slow_start = Millis(0);
  EXPECT_EQ(endpoint_.Ramp(settings_, Millis(1000)), 65536U);
}

TEST_F(EndpointTest, RecoveryStartsSlowly) {
  Fail(1000);
  EXPECT_TRUE(Chosen(5001));
  endpoint_.Report(settings_, Outcome::kSuccess, Millis(5020));
  EXPECT_EQ(endpoint_.usable_since(), Millis(5020));
}

TEST_F(EndpointTest, FewFailuresDoNotRestartSlowStart) {
  settings_.max_fails = 2;
  Fail(1000);
  Succeed(5001);
  EXPECT_EQ(endpoint_.usable_since(), Millis(0));
}

TEST_F(EndpointTest, StatesInTheOrderOfTheirWeight) {
  EXPECT_EQ(State(0), EndpointState::kUsable);
  Fail(10);
  EXPECT_EQ(State(10), EndpointState::kFailed);
  endpoint_.SetChecked(false);
  EXPECT_EQ(State(10), EndpointState::kCheckFailed);
  endpoint_.SetDrained(true);
  EXPECT_EQ(State(10), EndpointState::kDrained);
  endpoint_.SetRemoved(Millis(20));
  EXPECT_EQ(State(20), EndpointState::kRemoved);
}

// Runs `work` on four threads at once.
template <typename Work>
void OnFourThreads(Work work) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(EndpointThreads, LimitAndCountsHold) {
  constexpr uint32_t kLimit = 3;
  ServiceSettings settings;
  settings.max_fails = 5;
  settings.fail_window = FailWindow::kSliding;
  Endpoint endpoint(Address("192.0.2.1:80"), Millis(0));
  std::atomic<uint32_t> most = 0;
  OnFourThreads([&](int thread) {
    for (int i = 0; i < 5000; ++i) {
      const Millis now(i);
      if (!endpoint.Passing(settings, now) && i % 3 != 0) continue;
      if (!endpoint.Acquire(kLimit)) continue;
      endpoint.Chosen(settings, now);
      for (uint32_t seen = most; seen < endpoint.in_use() && !most.compare_exchange_weak(seen, endpoint.in_use());) {
      }
      endpoint.Report(settings, (i + thread) % 7 == 0 ? Outcome::kFailure : Outcome::kSuccess, now);
      endpoint.Climb(4);
      endpoint.Release();
    }
  });
  EXPECT_EQ(endpoint.in_use(), 0U);
  EXPECT_LE(most, kLimit);
  EXPECT_LE(endpoint.effective_share(), 256U);
}

TEST(EndpointThreads, F01_OneOfManyThreadsTakesTheProbe) {
  const ServiceSettings settings;
  Endpoint endpoint(Address("192.0.2.1:80"), Millis(0));
  endpoint.Report(settings, Outcome::kFailure, Millis(1));
  for (int64_t period = 1; period <= 200; ++period) {
    const Millis now(1 + period * (settings.fail_timeout.count() + 1));
    std::atomic<int> probes = 0;
    OnFourThreads([&](int) {
      if (endpoint.Passing(settings, now) && endpoint.Chosen(settings, now)) ++probes;
    });
    ASSERT_EQ(probes, 1) << "period " << period;
  }
}

}  // namespace
}  // namespace signpost::lb
