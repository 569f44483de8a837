// Signpost. Apache-2.0; see LICENSE.
// Who gets requests when endpoints fail: cases F.., D03.
#include <gmock/gmock.h>

#include "lb/balance/balancer.h"
#include "tests/unit/lb/balance/balancer_fixture.h"

namespace signpost::lb {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(BalancerTest, F01_RetriedElsewhereThenUntouchedThenOneProbe) {
  settings_.fail_timeout = Millis(3000);
  Use({{'a'}, {'b'}});
  EXPECT_EQ(Who(), "a");
  Fail('a');
  Tried("a");
  EXPECT_EQ(Who(), "b") << "the retry";
  Tried("");
  const Millis failed = now_;
  for (; now_ <= failed + Millis(3000); now_ += Millis(10)) ASSERT_EQ(Who(), "b") << (now_ - failed).count();
  now_ = failed + Millis(3001);
  EXPECT_EQ(Shares(50)["a"], 1) << "the probe, which is still under way";
  Succeed('a');
  EXPECT_NEAR(Shares(50)["a"], 25, 2);
}

TEST_F(BalancerTest, F01_TheProbeOfOneThreadIsTheOnlyOne) {
  settings_.fail_timeout = Millis(3000);
  Use({{'a'}, {'b'}});
  Fail('a');
  now_ += Millis(3001);
  int probes = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Balancer balancer(seed);
    balancer.Update(pool_);
    for (int i = 0; i < 20; ++i) probes += Name(balancer.Choose({.now = now_})) == "a" ? 1 : 0;
  }
  EXPECT_EQ(probes, 1);
}

TEST_F(BalancerTest, AFailedEndpointReturnsGradually) {
  settings_.max_fails = 2;
  Use({{'a', 100}, {'b', 100}});
  Fail('a');
  EXPECT_LT(Shares(30)["a"], 15) << "half of its weight is gone";
  EXPECT_NEAR(Shares(1000)["a"], 480, 25) << "and climbs back";
  EXPECT_EQ(At('a').effective_share(), 256U);
}

TEST_F(BalancerTest, F04_ASingleEndpointNeverFails) {
  Use({{'a'}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Who(), "a") << i;
    Fail('a');
  }
  At('a').SetChecked(false);
  EXPECT_EQ(Who(), "a!");
}

TEST_F(BalancerTest, F05_AllFailedIsPanicInTurnsAndNoBlackout) {
  Use({{'a'}, {'b'}, {'c'}});
  for (const char name : {'a', 'b', 'c'}) Fail(name);
  EXPECT_EQ(Sequence(6), "a! b! c! a! b! c!");
  Tried("a");
  EXPECT_EQ(Sequence(2), "b! c!") << "a second try goes on";
  Tried("abc");
  EXPECT_EQ(Who(), "none");
}

TEST_F(BalancerTest, F05_TheFirstToAnswerInPanicGetsTheRequests) {
  Use({{'a'}, {'b'}, {'c'}});
  for (const char name : {'a', 'b', 'c'}) Fail(name);
  now_ += Millis(100);
  EXPECT_EQ(Sequence(2), "a! b!");
  Succeed('b');
  EXPECT_EQ(Sequence(3), "b b b") << "long before fail_timeout";
}

TEST_F(BalancerTest, F05_AProbeThatSucceedsEndsThePanic) {
  Use({{'a'}, {'b'}});
  Fail('a');
  Fail('b');
  now_ += settings_.fail_timeout + Millis(1);
  EXPECT_EQ(Who(), "a");
  Succeed('a');
  EXPECT_EQ(Sequence(1), "b") << "its probe";
  EXPECT_EQ(Sequence(2), "a a");
}

// The three endpoints that are left would otherwise carry the load of ten.
TEST_F(BalancerTest, PanicBelowThePercentage) {
  settings_.panic_percent = 50;
  Use({{'a'}, {'b'}, {'c'}});
  Fail('a');
  EXPECT_EQ(Sequence(2), "b c") << "two of three";
  Fail('b');
  EXPECT_THAT(Sequence(6), HasSubstr("b!")) << "one of three";
  Tried("b");
  EXPECT_EQ(Sequence(3), "c c c") << "a second try prefers the usable ones";
}

TEST_F(BalancerTest, NoPanicWhileAnotherTierCanServe) {
  Use({{'a'}, {'b'}, {'c'}, {'s', 1, 20}});
  Fail('a');
  Fail('b');
  EXPECT_EQ(Sequence(3), "c c c");
  Fail('c');
  EXPECT_EQ(Sequence(3), "s s s");
  Fail('s');
  EXPECT_EQ(Sequence(3), "a! b! c!") << "the first tier again";
}

// The default: with one of three left, the retry budget could not make up for tries of the other two.
TEST_F(BalancerTest, AsLongAsOneIsUsableTheFailedOnesRest) {
  settings_.panic_percent = 0;
  Use({{'a'}, {'b'}, {'c'}});
  Fail('a');
  Fail('b');
  EXPECT_EQ(Sequence(2), "c c");
  Fail('c');
  EXPECT_EQ(Sequence(3), "a! b! c!");
}

TEST_F(BalancerTest, PanicAtOneHundredPercent) {
  settings_.panic_percent = 100;
  Use({{'a'}, {'b'}});
  EXPECT_EQ(Sequence(2), "a b");
  Fail('a');
  EXPECT_EQ(Shares(100).count("b"), 0U) << "every request counts as one in panic";
  EXPECT_NEAR(Shares(100)["a!"], 50, 1);
}

// D03: both of the first tier refuse; one request tries both and is served by the second tier.
TEST_F(BalancerTest, D03_OneRequestReachesTheNextTier) {
  Use({{'a', 1, 10}, {'b', 1, 10}, {'s', 1, 20}});
  EXPECT_EQ(Who(), "a");
  Fail('a');
  Tried("a");
  EXPECT_EQ(Who(), "b");
  Fail('b');
  Tried("ab");
  EXPECT_EQ(Who(), "s");
  Tried("");
  EXPECT_EQ(Sequence(2), "s s");

  now_ += settings_.fail_timeout + Millis(1);
  const std::string probe = Who();
  EXPECT_TRUE(probe == "a" || probe == "b") << probe;
  Succeed(probe[0]);
  EXPECT_EQ(Shares(10), (std::map<std::string, int>{{probe, 9}, {probe == "a" ? "b" : "a", 1}})) << "the other's probe";
}

// Not failed yet (max_fails 3), but tried in this request.
TEST_F(BalancerTest, D03_TriedEndpointsAloneMakeARequestGoOn) {
  settings_.max_fails = 3;
  settings_.min_usable = 2;
  Use({{'a', 1, 10}, {'b', 1, 10}, {'s', 1, 20}, {'t', 1, 20}});
  Tried("a");
  EXPECT_EQ(Who(), "b") << "a still counts as usable: the tier has its two";
  Tried("ab");
  EXPECT_EQ(Who(), "s");
}

TEST_F(BalancerTest, F18_PassiveFailureWinsOverAPassingCheck) {
  Use({{'a'}, {'b'}});
  At('a').SetChecked(true);
  Fail('a');
  EXPECT_EQ(Sequence(3), "b b b");
}

TEST_F(BalancerTest, F19_AllChecksFailing) {
  Use({{'a'}, {'b'}});
  At('a').SetChecked(false);
  EXPECT_EQ(Sequence(2), "b b");
  At('b').SetChecked(false);
  EXPECT_EQ(Sequence(4), "a! b! a! b!");
}

TEST_F(BalancerTest, F15_PanicKeepsTheLimits) {
  settings_.max_conns = 1;
  Use({{'a'}, {'b'}});
  Fail('a');
  Fail('b');
  EXPECT_EQ(Hold(3), (std::map<std::string, int>{{"a!", 1}, {"b!", 1}, {"busy", 1}}));
}

TEST_F(BalancerTest, F22_TimeGoingBackIsHarmless) {
  Use({{'a'}, {'b'}});
  Fail('a');
  now_ -= Millis(50'000);
  EXPECT_THAT(Sequence(20), Not(HasSubstr("a")));
}

}  // namespace
}  // namespace signpost::lb
