// Signpost. Apache-2.0; see LICENSE.
// Versions: cases K...
#include "lb/balance/balancer.h"
#include "lb/pool/stable_hash.h"
#include "tests/unit/lb/balance/balancer_fixture.h"

namespace signpost::lb {
namespace {

using Counts = std::map<std::string, int>;

class BalancerVersions : public BalancerTest {
 protected:
  void Split(std::string_view shares, SplitKey key = SplitKey::kNone) {
    const bool strict = settings_.split.strict;
    settings_.split = ParseShares(shares).value();
    settings_.split.key = key;
    settings_.split.strict = strict;
  }
  std::string VersionOf(uint64_t user) {
    request_.version_key = StableHash(std::to_string(user));
    const Pick pick = Choose();
    return pick.kind == PickKind::kPicked ? pool_->versions[pick.member->version] : Name(pick);
  }
  Counts Versions(int count) {
    Counts counts;
    for (int i = 0; i < count; ++i) {
      const Pick pick = Choose();
      ++counts[pick.kind == PickKind::kPicked ? pool_->versions[pick.member->version] : Name(pick)];
    }
    return counts;
  }
};

// Nine of v1, one of v2: shares do not depend on how many instances a version has.
TEST_F(BalancerVersions, K01_SharesAreExact) {
  Split("v1:95,v2:5");
  std::vector<Instance> instances = Many(100);
  for (Instance& instance : instances) instance.version = "v1";
  instances[50].version = "v2";
  UseInstances(instances);
  const Counts counts = Versions(100'000);
  EXPECT_NEAR(counts.at("v2"), 5000, 1);
  EXPECT_EQ(counts.at("v1") + counts.at("v2"), 100'000);
}

TEST_F(BalancerVersions, K01_AndExactPerThreadFromARandomPlace) {
  Split("v1:95,v2:5");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Balancer balancer(seed);
    balancer.Update(pool_);
    int canary = 0;
    for (int i = 0; i < 10'000; ++i) canary += Name(balancer.Choose({.now = now_})) == "b" ? 1 : 0;
    EXPECT_NEAR(canary, 500, 1) << seed;
  }
}

TEST_F(BalancerVersions, K02_ALargerShareOnlyAddsUsers) {
  Split("v1:95,v2:5", SplitKey::kCookie);
  const std::vector<Peer> peers = {{'a', 1, 0, "v1"}, {'b', 1, 0, "v1"}, {'c', 1, 0, "v2"}};
  Use(peers);
  std::vector<uint64_t> canaries;
  for (uint64_t user = 0; user < 10'000; ++user) {
    if (VersionOf(user) == "v2") canaries.push_back(user);
  }
  EXPECT_NEAR(static_cast<double>(canaries.size()), 500, 70);
  Split("v1:90,v2:10", SplitKey::kCookie);
  Use(peers);
  for (const uint64_t user : canaries) ASSERT_EQ(VersionOf(user), "v2") << user;
  int all = 0;
  for (uint64_t user = 0; user < 10'000; ++user) all += VersionOf(user) == "v2" ? 1 : 0;
  EXPECT_NEAR(all, 1000, 100);
}

TEST_F(BalancerVersions, K09_AClientKeepsItsVersion) {
  Split("v1:80,v2:20", SplitKey::kClientAddress);
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  int canary = 0;
  for (uint64_t client = 0; client < 5000; ++client) {
    const std::string version = VersionOf(client);
    ASSERT_EQ(VersionOf(client), version);
    canary += version == "v2" ? 1 : 0;
  }
  EXPECT_NEAR(canary, 1000, 100) << "2 % of 5,000";
}

TEST_F(BalancerVersions, K03_AVersionWithoutUsableEndpointsSpills) {
  Split("v1:60,v2:20,v3:20");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v3"}});
  Fail('b');
  int spilled = 0;
  Counts shares;
  for (int i = 0; i < 8000; ++i) {
    const Pick pick = Choose();
    spilled += pick.spilled ? 1 : 0;
    ++shares[Name(pick)];
  }
  EXPECT_EQ(spilled, 1600);
  EXPECT_EQ(shares, (Counts{{"a", 6000}, {"c", 2000}})) << "in proportion 3:1";
}

TEST_F(BalancerVersions, K03_KeysSpillInProportionAndSteadily) {
  Split("v1:60,v2:20,v3:20", SplitKey::kCookie);
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v3"}});
  std::vector<uint64_t> of_v2;
  for (uint64_t user = 0; user < 20'000; ++user) {
    if (VersionOf(user) == "v2") of_v2.push_back(user);
  }
  Fail('b');
  Counts moved;
  for (const uint64_t user : of_v2) {
    const std::string version = VersionOf(user);
    EXPECT_EQ(VersionOf(user), version);
    ++moved[version];
  }
  EXPECT_EQ(moved.count("v2"), 0U);
  EXPECT_NEAR(moved["v3"], static_cast<double>(of_v2.size()) / 4, 150);
}

TEST_F(BalancerVersions, K03_TheFirstRequestThatFindsItDeadIsRetriedInAnotherVersion) {
  Split("v1:50,v2:50");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  EXPECT_EQ(Sequence(2), "a b");
  Fail('b');
  Tried("b");
  const Pick pick = Choose();
  EXPECT_EQ(Name(pick), "a");
  EXPECT_TRUE(pick.spilled);
}

TEST_F(BalancerVersions, ARetryTakesNoTurn) {
  Split("v1:50,v2:50");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v2"}});
  EXPECT_EQ(Sequence(2), "a b");
  EXPECT_EQ(Who(), "a");
  Tried("b");
  EXPECT_EQ(Sequence(3), "c c c") << "v2's, as often as it is asked";
  Tried("");
  EXPECT_EQ(Versions(2), (Counts{{"v1", 1}, {"v2", 1}}));
}

TEST_F(BalancerVersions, K03_NothingUsableAnywhereIsPanicInTheVersion) {
  Split("v1:50,v2:50");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  Fail('a');
  Fail('b');
  EXPECT_EQ(Sequence(4), "a! b! a! b!");
}

TEST_F(BalancerVersions, AVersionThatDoesNotExistYetSpillsEvenInPanic) {
  Split("v1:50,v3:50");
  Use({{'a', 1, 0, "v1"}});
  EXPECT_EQ(Sequence(4), "a a a a");
  At('a').SetChecked(false);
  EXPECT_EQ(Sequence(4), "a! a! a! a!");
}

TEST_F(BalancerVersions, K04_StrictRefusesOnlyTheKeysOfTheVersion) {
  settings_.split.strict = true;
  Split("v1:80,v2:20", SplitKey::kCookie);
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  std::vector<std::string> before;
  for (uint64_t user = 0; user < 1000; ++user) before.push_back(VersionOf(user));
  Use({{'a', 1, 0, "v1"}});
  for (uint64_t user = 0; user < 1000; ++user) {
    EXPECT_EQ(VersionOf(user), before[user] == "v2" ? "no version" : "v1") << user;
  }
}

TEST_F(BalancerVersions, StrictAfterAFailedTryEndsWithThatFailure) {
  settings_.split.strict = true;
  Split("v1:100");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  Fail('a');
  Tried("a");
  EXPECT_EQ(Who(), "none");
}

TEST_F(BalancerVersions, K05_UnlistedVersionsAreDarkButForOverrides) {
  Split("v1:95,v2:5");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v3"}});
  EXPECT_EQ(Versions(10'000).count("v3"), 0U);
  request_.version = "v3";
  EXPECT_EQ(Sequence(3), "c c c");
  Fail('a');
  Fail('b');
  request_.version = "";
  EXPECT_EQ(Versions(100).count("v3"), 0U) << "not even when nothing else is usable";
}

TEST_F(BalancerVersions, OverridesOfUnknownOrDeadVersions) {
  Split("v1:100");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  request_.version = "v9";
  EXPECT_EQ(Who(), "a") << "unknown: as if there were none";
  request_.version = "v2";
  Fail('b');
  EXPECT_EQ(Who(), "a") << "dead: likewise";
  settings_.split.strict = true;
  Split("v1:100");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  EXPECT_EQ(Who(), "no version");
  request_.version = "v9";
  EXPECT_EQ(Who(), "no version");
}

TEST_F(BalancerVersions, OverridesWorkWithoutASplit) {
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  request_.version = "v2";
  EXPECT_EQ(Sequence(3), "b b b");
}

TEST_F(BalancerVersions, ShareZeroIsRolledBack) {
  Split("v1:100,v2:0");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  EXPECT_EQ(Versions(1000), (Counts{{"v1", 1000}}));
  Fail('a');
  EXPECT_EQ(Sequence(2), "a! a!");
}

// Full is not empty: only what has nothing usable spills.
TEST_F(BalancerVersions, F15_AFullVersionIsWaitedForAndKeepsItsTurn) {
  settings_.max_conns = 1;
  Split("v1:50,v2:50");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}});
  EXPECT_EQ(Hold(2), (Counts{{"a", 1}, {"b", 1}}));
  const Pick waits = Choose();
  ASSERT_EQ(Name(waits), "busy");
  EXPECT_EQ(waits.wait.version, 0);
  held_.erase(held_.begin() + 1);  // b is free
  request_.waited = waits.wait;
  EXPECT_EQ(Who(), "busy") << "it wants a";
  request_.waited.reset();
  EXPECT_EQ(Who(), "b") << "whose turn is next";
  held_.clear();
  request_.waited = waits.wait;
  EXPECT_EQ(Who(), "a");
}

TEST_F(BalancerVersions, F15_WaitersAreNotOvertakenInTheirLineButInOthers) {
  settings_.max_conns = 1;
  Split("v1:50,v2:50");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v2"}});
  EXPECT_EQ(Sequence(1), "a");
  Hold(1);
  request_.version = "v1";
  held_.push_back(Choose());
  const std::vector<int> lines = {Choose().wait.line};
  held_.clear();
  request_.lines = lines;
  EXPECT_EQ(Who(), "busy") << "v1 is free, but somebody waits for it";
  request_.version = "v2";
  EXPECT_EQ(Who().substr(0, 1), "c");
  request_.version = "v1";
  Tried("b");
  EXPECT_EQ(Who(), "a") << "a retry has waited before";
}

TEST_F(BalancerVersions, F15_WaitersOfASpilledShareStayWhereTheyAre) {
  settings_.max_conns = 1;
  Split("v1:40,v2:30,v3:30");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v3"}});
  Fail('a');
  Pick waits;
  for (int round = 0; round < 20 && !waits.wait.spilled; ++round) {
    waits = Choose();
    if (waits.kind == PickKind::kPicked) held_.push_back(std::move(waits));
  }
  ASSERT_EQ(Name(waits), "busy");
  ASSERT_TRUE(waits.wait.spilled);
  held_.clear();
  request_.waited = waits.wait;
  for (int round = 0; round < 3; ++round) {
    const Pick pick = Choose();
    EXPECT_EQ(pick.member->version, waits.wait.version);
    EXPECT_TRUE(pick.spilled);
  }
  Split("v1:50,v2:0,v3:0");
  Use({{'a', 1, 0, "v1"}, {'b', 1, 0, "v2"}, {'c', 1, 0, "v3"}});
  Succeed('a');
  EXPECT_EQ(Who().substr(0, 1), "a") << "a share of 0 is not waited for";
}

TEST_F(BalancerVersions, K10_WithoutPolicyOnePool) {
  const std::vector<Peer> peers = {{'a', 1, 0, "v1"}, {'b', 3, 0, "v2"}};
  Split("v1:95,v2:5");
  Use(peers);
  Versions(100);
  settings_.split = {};
  Use(peers);
  EXPECT_NEAR(Shares(400)["b"], 300, 2);
}

TEST_F(BalancerVersions, TiersHoldWithinAVersion) {
  Split("v1:50,v2:50");
  Use({{'a', 1, 10, "v1"}, {'b', 1, 20, "v1"}, {'c', 1, 20, "v2"}});
  EXPECT_EQ(Shares(100), (Counts{{"a", 50}, {"c", 50}}));
  Fail('a');
  EXPECT_EQ(Shares(100), (Counts{{"b", 50}, {"c", 50}})) << "v1's own next tier before another version";
}

}  // namespace
}  // namespace signpost::lb
