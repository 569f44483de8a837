// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/loss_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"

namespace signpost::lb {
namespace {

using ::testing::SizeIs;
using namespace std::chrono_literals;

Instance At(int number, uint32_t weight = 1) {
  Instance out;
  out.address = net::SocketAddress::Parse(
                    "10.0." + std::to_string(number / 200) + "." + std::to_string(number % 200 + 1) + ":80", 80)
                    .value();
  out.weight = weight;
  return out;
}

std::vector<Instance> Numbers(std::initializer_list<int> numbers) {
  std::vector<Instance> out;
  for (const int number : numbers) out.push_back(At(number));
  return out;
}

std::vector<Instance> Range(int first, int last) {
  std::vector<Instance> out;
  for (int i = first; i < last; ++i) out.push_back(At(i));
  return out;
}

std::set<std::string> Addresses(const std::vector<Instance>& instances) {
  std::set<std::string> out;
  for (const Instance& instance : instances) out.insert(instance.address.ToString());
  return out;
}

class LossGuardTest : public ::testing::Test {
 protected:
  // A whole answer after some time.
  void Set(Millis after, std::vector<Instance> set, bool may_be_subset = false) {
    guard.Set(now += after, std::move(set), may_be_subset);
  }
  void Nx(Millis after) { guard.Empty(now += after, "NXDOMAIN"); }
  void Fail(Millis after, const std::string& reason = "timeout") { guard.Failed(now += after, reason); }
  void ExpectSet(const std::vector<Instance>& set, ServiceState state) {
    EXPECT_EQ(Addresses(guard.instances()), Addresses(set));
    EXPECT_EQ(guard.state(), state) << guard.reason();
  }

  LossGuard guard{LossRules{}};
  Millis now{1000000};
};

TEST_F(LossGuardTest, NothingIsToldBeforeTheFirstGoodWord) {
  Fail(0s);
  EXPECT_FALSE(guard.known());
  EXPECT_FALSE(guard.changed());
  Set(1s, Range(0, 2));
  EXPECT_TRUE(guard.known());
  EXPECT_TRUE(guard.changed());
  ExpectSet(Range(0, 2), ServiceState::kKnown);
}

TEST_F(LossGuardTest, EqualSetsChangeNothing) {
  Set(0s, Numbers({1, 2, 3}));
  Set(1s, Numbers({3, 1, 2}));
  EXPECT_FALSE(guard.changed());
  EXPECT_EQ(guard.hurry(), 0s);
}

TEST_F(LossGuardTest, EditsOfAnInstanceCountAtOnce) {
  Set(0s, Range(0, 8));
  std::vector<Instance> heavier = Range(0, 8);
  heavier[0].weight = 30;
  Set(1s, heavier);
  EXPECT_TRUE(guard.changed());
  EXPECT_EQ(guard.instances()[0].weight, 30U);
}

TEST_F(LossGuardTest, AnAddressNamedTwiceStaysTwice) {
  std::vector<Instance> twice = Numbers({1, 1, 2});
  twice[0].id = "b", twice[1].id = "a";
  Set(0s, twice);
  ASSERT_THAT(guard.instances(), SizeIs(3));
  EXPECT_EQ(guard.instances()[0].id, "a");  // in an order of their own, so that the answer's does not matter
  std::swap(twice[0], twice[1]);
  Set(1s, twice);
  EXPECT_FALSE(guard.changed());
}

// Cases D13, D14, C19: for ever, with its age.
TEST_F(LossGuardTest, FailuresKeepTheSet) {
  Set(0s, Range(0, 3));
  for (int i = 0; i < 600; ++i) {
    Fail(1s, i < 300 ? "timeout" : "servfail");
    EXPECT_EQ(guard.changed(), i == 0 || i == 300) << i;
  }
  ExpectSet(Range(0, 3), ServiceState::kHeld);
  EXPECT_EQ(guard.reason(), "servfail");
  EXPECT_EQ(guard.age(now), 600s);
  EXPECT_EQ(guard.hurry(), 1s);
  Set(1s, Range(0, 3));
  EXPECT_TRUE(guard.changed());
  ExpectSet(Range(0, 3), ServiceState::kKnown);
  EXPECT_EQ(guard.age(now), 0s);
}

TEST_F(LossGuardTest, MaxStaleEndsFailures) {
  guard = LossGuard(LossRules{.max_stale = 60s});
  Set(0s, Range(0, 3));
  Fail(59s);
  ExpectSet(Range(0, 3), ServiceState::kHeld);
  Fail(1s);
  ExpectSet({}, ServiceState::kEmpty);
  EXPECT_EQ(guard.reason(), "stale: timeout");
}

// Case D15.
TEST_F(LossGuardTest, ShortEmptinessIsNoNews) {
  Set(0s, Range(0, 3));
  for (int i = 0; i < 10; ++i) Nx(1s);
  ExpectSet(Range(0, 3), ServiceState::kHeld);
  EXPECT_EQ(guard.reason(), "NXDOMAIN");
  Set(1s, Range(0, 3));
  ExpectSet(Range(0, 3), ServiceState::kKnown);
  for (int i = 0; i < 25; ++i) Nx(1s);  // counts from the start
  ExpectSet(Range(0, 3), ServiceState::kHeld);
}

// Cases D16, D17.
TEST_F(LossGuardTest, LongEmptinessIsBelieved) {
  Set(0s, Range(0, 3));
  Nx(1s);
  for (int i = 0; i < 29; ++i) Nx(1s);
  ExpectSet(Range(0, 3), ServiceState::kHeld);
  Nx(1s);
  EXPECT_TRUE(guard.changed());
  ExpectSet({}, ServiceState::kEmpty);
  EXPECT_EQ(guard.hurry(), 1s);  // back within 1.5 s
  Nx(1s);
  EXPECT_FALSE(guard.changed());
  Set(1s, Range(0, 3));
  ExpectSet(Range(0, 3), ServiceState::kKnown);
}

TEST_F(LossGuardTest, EmptinessMustBeSaidThreeTimes) {
  Set(0s, Range(0, 3));
  Nx(1s);
  for (int i = 0; i < 60; ++i) Fail(1s);
  Nx(1s);
  ExpectSet(Range(0, 3), ServiceState::kHeld);
  Nx(1s);
  ExpectSet({}, ServiceState::kEmpty);
}

TEST_F(LossGuardTest, ConsulsEmptinessNeedsOneMoreReading) {
  guard = LossGuard(LossRules{.hold_empty = 1s, .empty_answers = 2});
  Set(0s, Range(0, 3));
  Set(0s, {});
  ExpectSet(Range(0, 3), ServiceState::kHeld);
  EXPECT_EQ(guard.hurry(), 1s);
  Set(1s, {});
  ExpectSet({}, ServiceState::kEmpty);
}

TEST_F(LossGuardTest, EmptyFromTheStart) {
  Nx(0s);
  EXPECT_TRUE(guard.changed());
  EXPECT_TRUE(guard.known());
  ExpectSet({}, ServiceState::kEmpty);
}

// Case D08.
TEST_F(LossGuardTest, DeclaredAbsentAtOnce) {
  Set(0s, Range(0, 8));
  guard.Absent(now += 1s);
  EXPECT_TRUE(guard.changed());
  ExpectSet({}, ServiceState::kDeclaredAbsent);
  Fail(1s);
  EXPECT_FALSE(guard.changed());
  Nx(1s);
  ExpectSet({}, ServiceState::kEmpty);
}

// Case D19.
TEST_F(LossGuardTest, SmallLossAtOnce) {
  Set(0s, Range(0, 20));
  Set(1s, Range(0, 18));
  ExpectSet(Range(0, 18), ServiceState::kKnown);
  Set(1s, Range(0, 9));  // exactly half
  ExpectSet(Range(0, 9), ServiceState::kKnown);
}

TEST_F(LossGuardTest, FewerThanFourMayGoAtOnce) {
  Set(0s, Range(0, 3));
  Set(1s, Range(2, 3));
  ExpectSet(Range(2, 3), ServiceState::kKnown);
}

// Case D18.
TEST_F(LossGuardTest, MassLossNeedsASecondEqualAnswer) {
  Set(0s, Range(0, 20));
  std::vector<Instance> rest = Numbers({0, 1, 2, 3, 100});
  Set(1s, rest);
  EXPECT_EQ(guard.hurry(), 5s);
  std::vector<Instance> all = Range(0, 20);
  all.push_back(At(100));  // additions at once
  ExpectSet(all, ServiceState::kHeld);
  EXPECT_EQ(guard.reason(), "lost 16 of 20 at once: waiting for confirmation");
  Set(2s, rest);
  ExpectSet(all, ServiceState::kHeld);
  EXPECT_EQ(guard.hurry(), 3s);
  Set(3s, rest);
  ExpectSet(rest, ServiceState::kKnown);
  EXPECT_EQ(guard.hurry(), 0s);
}

TEST_F(LossGuardTest, MassLossThatHeals) {
  Set(0s, Range(0, 20));
  Set(1s, Range(0, 5));
  Set(5s, Range(0, 20));
  ExpectSet(Range(0, 20), ServiceState::kKnown);
  Set(1s, Range(0, 5));  // a new loss waits anew
  ExpectSet(Range(0, 20), ServiceState::kHeld);
  EXPECT_EQ(guard.hurry(), 5s);
}

TEST_F(LossGuardTest, EachLostAddressIsConfirmedByItself) {
  Set(0s, Range(0, 20));
  Set(1s, Range(0, 5));
  Set(5s, Range(0, 4));
  ExpectSet(Range(0, 5), ServiceState::kHeld);
  Set(1s, Range(0, 4));
  ExpectSet(Range(0, 5), ServiceState::kHeld);
  EXPECT_EQ(guard.hurry(), 4s);
  Set(4s, Range(0, 4));
  ExpectSet(Range(0, 4), ServiceState::kKnown);
}

TEST_F(LossGuardTest, FailuresDoNotConfirmALoss) {
  Set(0s, Range(0, 20));
  Set(1s, Range(0, 5));
  for (int i = 0; i < 60; ++i) Fail(1s);
  ExpectSet(Range(0, 20), ServiceState::kHeld);
}

// Case D22: what a cut answer shows may be used, what it lacks means nothing.
TEST_F(LossGuardTest, PartialSetsOnlyAdd) {
  guard.Partial(now, {}, "truncated");
  EXPECT_FALSE(guard.known());
  Set(0s, Range(0, 10));
  for (int i = 0; i < 100; ++i) guard.Partial(now += 1s, Range(9, 11), "truncated");
  ExpectSet(Range(0, 11), ServiceState::kHeld);
  EXPECT_EQ(guard.reason(), "truncated");
  EXPECT_EQ(guard.age(now), 100s);
}

// A roll-out that replaces all instances at once, as a resolver shows it.
TEST_F(LossGuardTest, ReplacementOverUdpIsConfirmed) {
  Set(0s, Range(0, 4), true);
  Set(1s, Range(4, 8), true);
  ExpectSet(Range(0, 8), ServiceState::kHeld);
  Set(5s, Range(4, 8), true);
  ExpectSet(Range(4, 8), ServiceState::kKnown);
  EXPECT_FALSE(guard.rotating());
}

TEST_F(LossGuardTest, OneFlappingInstanceIsNoRotation) {
  for (int i = 0; i < 10; ++i) {
    Set(1s, Range(0, 5), true);
    ExpectSet(Range(0, 5), ServiceState::kKnown);
    Set(1s, Range(0, 4), true);
    ExpectSet(Range(0, 4), ServiceState::kKnown);
  }
  EXPECT_FALSE(guard.rotating());
}

// Case D23: subsets of 8 out of 50, as the seed draws them.
TEST_F(LossGuardTest, RotatingSubsetsAreJoined) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    guard = LossGuard(LossRules{});
    Random random(seed);
    std::set<std::string> seen;
    const Millis start = now;
    for (int i = 0; i < 400; ++i) {
      std::vector<Instance> all = Range(0, 50), subset;
      while (subset.size() < 8) {
        const size_t pick = random.Below(all.size());
        subset.push_back(all[pick]);
        all.erase(all.begin() + static_cast<ptrdiff_t>(pick));
      }
      Set(guard.hurry() > 0s ? std::min<Millis>(guard.hurry(), 1s) : 1s, subset, true);
      for (const std::string& address : Addresses(subset)) seen.insert(address);
      EXPECT_EQ(Addresses(guard.instances()), seen) << "none flaps; seed " << seed << " reading " << i;
      EXPECT_TRUE(now - start < 30s || seen.size() == 50) << seed;
    }
    EXPECT_TRUE(guard.rotating());
  }
}

TEST_F(LossGuardTest, RotationOfOneIsFoundToo) {
  for (int i = 0; i < 6; ++i) Set(1s, Numbers({i % 3}), true);
  ExpectSet(Range(0, 3), ServiceState::kKnown);
  EXPECT_TRUE(guard.rotating());
}

TEST_F(LossGuardTest, WhatRotationForgotGoesInTheEnd) {
  for (int i = 0; i < 6; ++i) Set(1s, Numbers({i % 3, (i + 1) % 3}), true);
  ExpectSet(Range(0, 3), ServiceState::kKnown);
  int readings = 0;
  while (guard.rotating() && readings < 100) {
    Set(1s, Numbers({0, 1}), true);
    ++readings;
  }
  ExpectSet(Range(0, 2), ServiceState::kKnown);
  EXPECT_GE(readings, 29);
  EXPECT_LE(readings, 31);
}

TEST_F(LossGuardTest, WholeAnswersNeverRotate) {
  for (int i = 0; i < 6; ++i) {
    Set(1s, Numbers({i % 3}));
    ExpectSet(Numbers({i % 3}), ServiceState::kKnown);
  }
  EXPECT_FALSE(guard.rotating());
}

TEST_F(LossGuardTest, AFullReplacementWaitsWhateverItsSize) {
  Set(0s, Range(0, 5));
  Set(1s, Range(5, 10));
  Set(1s, Range(5, 10));
  ExpectSet(Range(0, 10), ServiceState::kHeld);
  Set(4s, Range(5, 10));
  ExpectSet(Range(5, 10), ServiceState::kKnown);
}

// A batch system replaces all instances every few seconds: none is confirmed by an equal set, and all must go.
TEST_F(LossGuardTest, InstancesThatAreReplacedForEverDoNotPileUp) {
  for (int round = 0; round < 500; ++round) {
    Set(4s, Range(round * 5, round * 5 + 5));
    EXPECT_LE(guard.instances().size(), 15U) << round;
  }
  Set(4s, Range(2495, 2500));
  Set(4s, Range(2495, 2500));
  ExpectSet(Range(2495, 2500), ServiceState::kKnown);
}

TEST_F(LossGuardTest, PartsAndSuspicionsAreBoundedToo) {
  for (int i = 0; i < 300; ++i) guard.Partial(now += 100ms, Range(i * 50, i * 50 + 50), "stale");
  EXPECT_THAT(guard.instances(), SizeIs(4096));
  for (int i = 0; i < 300; ++i) Set(1ms, Range(i * 50, i * 50 + 50));
  EXPECT_LE(guard.instances().size(), 4096U);
}

// A server that makes up new addresses for ever.
TEST_F(LossGuardTest, MemoryIsBounded) {
  size_t most = 0;
  for (int i = 0; i < 300; ++i) {
    Set(100ms, Range(i * 50, i * 50 + 100), true);
    most = std::max(most, guard.instances().size());
  }
  EXPECT_LE(most, 4096U + 100U);
}

}  // namespace
}  // namespace signpost::lb
