// Signpost. Apache-2.0; see LICENSE.
// Algorithms, weights, tiers, stickiness, limits. Failures and versions have files of their own.
#include "lb/balance/balancer.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/unit/lb/balance/balancer_fixture.h"

namespace signpost::lb {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Counts = std::map<std::string, int>;

TEST_F(BalancerTest, WithoutAPoolOrEndpointsThereIsNone) {
  EXPECT_EQ(Name(Balancer(1).Choose({})), "none");
  Use({});
  EXPECT_EQ(Who(), "none");
}

TEST_F(BalancerTest, B01_SmoothSequence) {
  Use({{'a', 5}, {'b'}, {'c'}});
  EXPECT_EQ(Sequence(14), "a a b a c a a a a b a c a a");
}

TEST_F(BalancerTest, EveryRequestInFlightIsCountedAndReleased) {
  Use({{'a'}});
  {
    const Pick pick = Choose();
    EXPECT_EQ(At('a').in_use(), 1U);
    EXPECT_EQ(pick.use.get().get(), &At('a'));
  }
  EXPECT_EQ(At('a').in_use(), 0U);
}

TEST_F(BalancerTest, D01_WeightsOfSrvRecords) {
  Use({{'a', 10}, {'b', 20}, {'c', 30}});
  EXPECT_THAT(Shares(6000), ElementsAre(Pair("a", 1000), Pair("b", 2000), Pair("c", 3000)));
}

TEST_F(BalancerTest, B01_TheSameSequenceFromAnyPlace) {
  Use({{'a', 5}, {'b'}, {'c'}});
  std::set<std::string> beginnings;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Balancer balancer(seed);
    balancer.Update(pool_);
    std::string sequence;
    for (int i = 0; i < 14; ++i) sequence += Name(balancer.Choose({.now = now_}));
    EXPECT_NE(std::string("aabacaaaabacaaaabacaa").find(sequence), std::string::npos) << sequence;
    beginnings.insert(sequence);
  }
  EXPECT_EQ(beginnings.size(), 7U);
}

// Four threads, each with a balancer of its own.
TEST_F(BalancerTest, B02_ThreadsBeginAtRandomPlaces) {
  Use({{'a'}, {'b'}, {'c'}});
  Counts shares;
  Counts first;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    Balancer balancer(seed);
    balancer.Update(pool_);
    for (int i = 0; i < 750; ++i) {
      const std::string who = Name(balancer.Choose({.now = now_}));
      if (i == 0) ++first[who];
      if (seed <= 4) ++shares[who];
    }
  }
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_NEAR(shares[name], 1000, 12) << name;
    EXPECT_NEAR(first[name], 133, 40) << name << " is first for its share of the threads";
  }
}

TEST_F(BalancerTest, B02_HeavyEndpointsAreFirstMoreOften) {
  Use({{'a', 65535}, {'b'}});
  int light = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Balancer balancer(seed);
    balancer.Update(pool_);
    light += Name(balancer.Choose({.now = now_})) == "b" ? 1 : 0;
  }
  EXPECT_LE(light, 1);
}

TEST_F(BalancerTest, B03_LeastConnWithWeights) {
  settings_.algorithm = Algorithm::kLeastConn;
  Use({{'a', 3}, {'b', 1}});
  EXPECT_EQ(Hold(8), (Counts{{"a", 6}, {"b", 2}}));
}

TEST_F(BalancerTest, B04_LeastConnOverFourThreadsIsAsOverOne) {
  settings_.algorithm = Algorithm::kLeastConn;
  Use({{'a', 3}, {'b', 1}});
  std::vector<std::unique_ptr<Balancer>> balancers;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    balancers.push_back(std::make_unique<Balancer>(seed));
    balancers.back()->Update(pool_);
  }
  Counts shares;
  for (size_t i = 0; i < 80; ++i) {
    held_.push_back(balancers[i % 4]->Choose({.now = now_}));
    ++shares[Name(held_.back())];
  }
  EXPECT_NEAR(shares["a"], 60, 1);
}

TEST_F(BalancerTest, LeastConnAmongEqualsTakesTurns) {
  settings_.algorithm = Algorithm::kLeastConn;
  Use({{'a'}, {'b'}, {'c'}});
  EXPECT_EQ(Sequence(6), "a b c a b c");
}

// B05: a request to the slow one lasts ten times as long.
TEST_F(BalancerTest, B05_LeastConnSparesTheSlowOne) {
  settings_.algorithm = Algorithm::kLeastConn;
  Use({{'a'}, {'b'}, {'c'}, {'d'}});
  std::vector<std::pair<int, Pick>> open;  // when it ends
  int slow = 0;
  for (int tick = 0; tick < 4000; ++tick) {
    std::erase_if(open, [&](const auto& entry) { return entry.first <= tick; });
    Pick pick = Choose();
    const bool is_slow = Name(pick) == "d";
    slow += is_slow ? 1 : 0;
    open.emplace_back(tick + (is_slow ? 100 : 10), std::move(pick));
  }
  EXPECT_LT(slow, 4000 / 4 * 35 / 100) << "its share by speed is a tenth of the others'";
}

TEST_F(BalancerTest, B06_AJoiningEndpointGetsItsShareAndNoMore) {
  Use({{'a'}, {'b'}, {'c'}});
  Shares(1000);
  Use({{'a'}, {'b'}, {'c'}, {'d'}});
  const Counts shares = Shares(400);
  for (const auto& [name, count] : shares) EXPECT_NEAR(count, 100, 2) << name;
}

TEST_F(BalancerTest, B06_SlowStartIsLinear) {
  settings_.slow_start = Millis(10'000);
  Use({{'a'}, {'b'}, {'c'}});
  Use({{'a'}, {'b'}, {'c'}, {'d'}});
  const std::pair<int64_t, double> cases[] = {{0, 0.01}, {2500, 0.25}, {5000, 0.5}, {10'000, 1.0}, {20'000, 1.0}};
  const Millis start = now_;
  for (const auto& [age, weight] : cases) {
    now_ = start + Millis(age);
    EXPECT_NEAR(Shares(10'000)["d"], 10'000 * weight / (3 + weight), 30) << age << " ms after it joined";
  }
}

TEST_F(BalancerTest, B07_AWeightEditHoldsWithinOneCycle) {
  Use({{'a', 65535}, {'b', 1}});
  Shares(32'768);
  Use({{'a', 1}, {'b', 1}});
  const Counts shares = Shares(20);
  EXPECT_NEAR(shares.at("a"), 10, 2);
  Use({{'a', 1}, {'b', 3}});
  EXPECT_NEAR(Shares(40)["b"], 30, 2);
}

TEST_F(BalancerTest, C06_WeightsChangeWithoutTheCounts) {
  Use({{'a', 10}, {'b', 20}, {'c', 30}});
  Hold(3);
  Fail('a');
  const Endpoint* const before = &At('a');
  Use({{'a', 30}, {'b', 20}, {'c', 10}});
  EXPECT_EQ(&At('a'), before);
  EXPECT_EQ(At('a').fails(), 1U);
  EXPECT_EQ(At('a').in_use() + At('b').in_use() + At('c').in_use(), 3U);
}

TEST_F(BalancerTest, EndpointsThatStayKeepTheirTurn) {
  Use({{'a'}, {'b'}, {'c'}});
  EXPECT_EQ(Sequence(1), "a");
  Use({{'c'}, {'b'}, {'a'}});
  EXPECT_EQ(Sequence(5), "c b c b a") << "a had its turn of this cycle";
}

TEST_F(BalancerTest, B09_TwoChoicesAreNearlyEven) {
  settings_.algorithm = Algorithm::kRandomTwo;
  UseMany(100);
  const Counts shares = Hold(2000);
  EXPECT_EQ(shares.size(), 100U);
  for (const auto& [name, count] : shares) EXPECT_LE(count, 30) << name << ": 1.5 times the mean";
}

TEST_F(BalancerTest, D02_D04_TiersAreUsedInStrictOrder) {
  Use({{'c', 1, 30}, {'a', 1, 10}, {'b', 1, 20}});
  EXPECT_EQ(Sequence(3), "a a a");
  Fail('a');
  EXPECT_EQ(Sequence(3), "b b b");
  Fail('b');
  EXPECT_EQ(Sequence(3), "c c c");
}

TEST_F(BalancerTest, D02_TheNextTierGetsNothingWhileOneOfTheFirstIsUsable) {
  Use({{'a', 1, 10}, {'b', 1, 10}, {'s', 1, 20}});
  Fail('b');
  EXPECT_EQ(Sequence(4), "a a a a");
}

TEST_F(BalancerTest, MinUsableSpillsEarlierAndComesBack) {
  settings_.min_usable = 2;
  settings_.max_fails = 0;
  Use({{'a', 1, 10}, {'b', 1, 10}, {'s', 1, 20}, {'t', 1, 20}});
  EXPECT_EQ(Sequence(2), "a b");
  At('a').SetChecked(false);
  EXPECT_EQ(Sequence(2), "s t");
  At('s').SetChecked(false);
  EXPECT_EQ(Sequence(2), "b b") << "no tier has two: the first with any";
  At('a').SetChecked(true);
  EXPECT_EQ(Sequence(2), "a b");
}

TEST_F(BalancerTest, D05_AllWeightsZeroIsEqual) {
  Use({{'a', 0}, {'b', 0}});
  EXPECT_THAT(Shares(100), ElementsAre(Pair("a", 50), Pair("b", 50)));
}

TEST_F(BalancerTest, D06_WeightZeroStandsBy) {
  Use({{'a', 0}, {'b', 10}});
  EXPECT_EQ(Sequence(3), "b b b");
  Fail('b');
  EXPECT_EQ(Sequence(3), "a a a");
}

TEST_F(BalancerTest, ZeroWeightLikeOne) {
  settings_.zero_weight = ZeroWeight::kOne;
  Use({{'a', 0}, {'b', 3}});
  EXPECT_THAT(Shares(400), ElementsAre(Pair("a", 100), Pair("b", 300)));
}

TEST_F(BalancerTest, D07_NobodyStarves) {
  Use({{'a', 1}, {'b', 65535}});
  EXPECT_THAT(Shares(65536), ElementsAre(Pair("a", 1), Pair("b", 65535)));
}

TEST_F(BalancerTest, D26_SharesOfOneRecordsAddresses) {
  Use({{'a', 10}, {'b', 10}, {'c', 10}, {'d', 30}});
  EXPECT_THAT(Shares(600), ElementsAre(Pair("a", 100), Pair("b", 100), Pair("c", 100), Pair("d", 300)));
}

TEST_F(BalancerTest, R10_TheOperatorsWeightWins) {
  Use({{'a', 1}, {'b', 1}});
  At('b').SetAdminWeight(3);
  EXPECT_THAT(Shares(400), ElementsAre(Pair("a", 100), Pair("b", 300)));
  At('b').SetAdminWeight(0);
  EXPECT_EQ(Sequence(3), "a a a");
  At('b').SetAdminWeight(-1);
  EXPECT_NEAR(Shares(100)["b"], 50, 3);
}

TEST_F(BalancerTest, R10_DrainedMeansNever) {
  Use({{'a'}, {'b'}});
  At('a').SetDrained(true);
  EXPECT_EQ(Sequence(3), "b b b");
  Fail('b');
  EXPECT_EQ(Sequence(2), "b! b!") << "not even in panic";
  At('b').SetDrained(true);
  EXPECT_EQ(Who(), "none");
}

TEST_F(BalancerTest, StickyCookie) {
  settings_.sticky_cookie = "lbs";
  Use({{'a'}, {'b'}, {'c', 1, 9}});
  Pick pick = Choose();
  EXPECT_EQ(Name(pick), "a");
  EXPECT_TRUE(pick.set_sticky) << "no cookie yet";

  request_.sticky = StickyOf('b');
  for (int i = 0; i < 3; ++i) {
    pick = Choose();
    EXPECT_EQ(Name(pick), "b");
    EXPECT_FALSE(pick.set_sticky);
  }
  Fail('b');
  pick = Choose();
  EXPECT_EQ(Name(pick), "a");
  EXPECT_TRUE(pick.set_sticky) << "it moves";

  request_.sticky = StickyOf('c');
  pick = Choose();
  EXPECT_EQ(Name(pick), "a") << "an endpoint of a later tier holds nobody";
  request_.sticky = 12345;
  EXPECT_TRUE(Choose().set_sticky) << "a value of nobody";
}

TEST_F(BalancerTest, StickyKeepsWhoIsOnAStandbyAndTheCookieOfAFullOne) {
  settings_.sticky_cookie = "lbs";
  settings_.max_conns = 1;
  Use({{'a', 0}, {'b'}, {'c'}});
  request_.sticky = StickyOf('a');
  EXPECT_EQ(Name(Choose()), "a") << "weight 0 drains: sessions stay";
  Hold(1);
  const Pick pick = Choose();
  EXPECT_EQ(Name(pick), "b");
  EXPECT_FALSE(pick.set_sticky) << "a is only full";
}

TEST_F(BalancerTest, WithoutStickyCookieNoneIsSet) {
  Use({{'a'}, {'b'}});
  request_.sticky = StickyOf('b');
  const Pick pick = Choose();
  EXPECT_EQ(Name(pick), "a");
  EXPECT_FALSE(pick.set_sticky);
}

TEST_F(BalancerTest, F15_BusyOnlyWhenAllAreFull) {
  settings_.max_conns = 1;
  Use({{'a'}, {'b'}, {'s', 1, 20}});
  EXPECT_EQ(Hold(2), (Counts{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(Who(), "busy") << "a full tier is waited for";
  held_.erase(held_.begin());
  EXPECT_EQ(Who(), "a");
}

TEST_F(BalancerTest, F15_StandbysDoNotTakeWhatFullOnesLeave) {
  settings_.max_conns = 1;
  Use({{'a'}, {'b', 0}});
  Hold(1);
  EXPECT_EQ(Who(), "busy");
}

TEST_F(BalancerTest, F15_LimitsHoldForEveryAlgorithm) {
  for (const Algorithm algorithm :
       {Algorithm::kRoundRobin, Algorithm::kLeastConn, Algorithm::kRandomTwo, Algorithm::kSourceHash}) {
    settings_.algorithm = algorithm;
    settings_.max_conns = 2;
    Use({{'a'}, {'b'}, {'c'}});
    EXPECT_EQ(Hold(7), (Counts{{"a", 2}, {"b", 2}, {"c", 2}, {"busy", 1}})) << static_cast<int>(algorithm);
    held_.clear();
  }
}

TEST_F(BalancerTest, B08_KeysOfAnEndpointThatGoesMoveAndNoOthers) {
  settings_.algorithm = Algorithm::kSourceHash;
  const auto where = [&](uint64_t key) {
    request_.hash = key * 0x9e3779b97f4a7c15U;
    return Who();
  };
  UseMany(10);
  std::vector<std::string> before;
  for (uint64_t key = 0; key < 10'000; ++key) before.push_back(where(key));
  std::vector<Instance> fewer = Many(10);
  fewer.erase(fewer.begin() + 4);
  UseInstances(fewer);
  int moved = 0;
  for (uint64_t key = 0; key < before.size(); ++key) {
    const std::string after = where(key);
    if (before[key] == "4") {
      ++moved;
    } else {
      ASSERT_EQ(after, before[key]) << key;
    }
  }
  EXPECT_LE(moved, 1200);
  EXPECT_GE(moved, 800) << "it had its share";
}

TEST_F(BalancerTest, SourceHashKeepsKeysThroughFailuresElsewhere) {
  settings_.algorithm = Algorithm::kSourceHash;
  settings_.slow_start = Millis(10'000);
  settings_.max_fails = 3;
  Use({{'a'}, {'b'}, {'c'}});
  std::vector<std::string> before;
  for (request_.hash = 0; request_.hash < 300; ++request_.hash) before.push_back(Who());
  Fail('a');
  At('b').RestartSlowStart(now_);
  for (request_.hash = 0; request_.hash < 300; ++request_.hash) {
    EXPECT_EQ(Who(), before[request_.hash]) << "reduced weights move no keys";
  }
}

}  // namespace
}  // namespace signpost::lb
