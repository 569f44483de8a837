// Signpost. Apache-2.0; see LICENSE.
// The same rules for services of thousands of endpoints, which are not looked at one by one.
#include <gmock/gmock.h>

#include "lb/balance/balancer.h"
#include "tests/unit/lb/balance/balancer_fixture.h"

namespace signpost::lb {
namespace {

class LargePool : public BalancerTest {
 protected:
  static constexpr int kMany = 1000;
  static_assert(kMany > Balancer::kScanLimit);

  Endpoint& Member(int i) { return *pool_->members[static_cast<size_t>(i)].endpoint; }
  void FailMember(int i) { Member(i).Report(*pool_->settings, Outcome::kFailure, now_); }
  // Lets what was counted of the tiers grow old.
  void LookAgain() { now_ += Balancer::kSurveyAge; }
};

TEST_F(LargePool, EveryoneOncePerCycle) {
  UseMany(kMany);
  for (int cycle = 0; cycle < 3; ++cycle) EXPECT_EQ(Shares(kMany).size(), size_t{kMany}) << cycle;
}

TEST_F(LargePool, EveryoneOncePerCycleFromARandomPlace) {
  UseMany(kMany);
  std::map<std::string, int> first;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Balancer balancer(seed);
    balancer.Update(pool_);
    ++first[Name(balancer.Choose({.now = now_}))];
    std::map<std::string, int> shares;
    for (int i = 0; i < 2 * kMany; ++i) ++shares[Name(balancer.Choose({.now = now_}))];
    for (const auto& [name, count] : shares) ASSERT_NEAR(count, 2, 1) << name;
  }
  EXPECT_GT(first.size(), 40U) << "no herd";
}

TEST_F(LargePool, SharesGoByWeight) {
  std::vector<Instance> instances = Many(kMany);
  instances[7].weight = 500;
  instances[8].weight = 0;
  UseInstances(instances);
  std::map<std::string, int> shares = Shares(15'000);
  EXPECT_NEAR(shares["7"], 15'000.0 * 500 / 1498, 15);
  EXPECT_NEAR(shares["9"], 10, 2);
  EXPECT_EQ(shares.count("8"), 0U);
}

TEST_F(LargePool, PlacesSurviveAnUpdate) {
  UseMany(kMany);
  const std::map<std::string, int> before = Shares(kMany / 2);
  UseMany(kMany + 1);
  const std::map<std::string, int> after = Shares(kMany / 2);
  int twice = 0;
  for (const auto& [name, count] : after) twice += before.contains(name) ? 1 : 0;
  EXPECT_LE(twice, 1);
}

TEST_F(LargePool, FailedOnesAreLeftOutAtOnce) {
  UseMany(kMany);
  Shares(10);
  FailMember(500);
  Member(501).SetDrained(true);
  Member(502).SetChecked(false);
  const auto shares = Shares(2 * kMany);
  for (const char* name : {"500", "501", "502"}) EXPECT_EQ(shares.count(name), 0U) << name;
  EXPECT_EQ(shares.size(), size_t{kMany - 3});
}

TEST_F(LargePool, PanicFollowsWithinTheSurveysAge) {
  UseMany(kMany);
  EXPECT_EQ(Who(), "0");
  for (int i = 0; i < kMany; ++i) FailMember(i);
  EXPECT_THAT(Who(), testing::EndsWith("!")) << "nothing found: looked at anew";
  now_ += settings_.fail_timeout + Millis(1);
  const Pick probe = Choose();
  EXPECT_FALSE(probe.panic);
}

TEST_F(LargePool, MostFailedIsPanicAndFewFailedIsNot) {
  settings_.panic_percent = 50;
  UseMany(kMany);
  for (int i = 0; i < 400; ++i) FailMember(i);
  for (int i = 0; i < 2000; ++i) ASSERT_THAT(Who(), testing::Not(testing::EndsWith("!")));
  for (int i = 400; i < 600; ++i) FailMember(i);
  LookAgain();
  EXPECT_THAT(Who(), testing::EndsWith("!"));
}

TEST_F(LargePool, FullOnesAreLeftOutAndAllFullIsBusy) {
  settings_.max_conns = 1;
  UseMany(200);
  EXPECT_EQ(Hold(200).size(), 200U);
  EXPECT_EQ(Who(), "busy");
  held_.erase(held_.begin() + 100);
  EXPECT_EQ(Who(), "100") << "the only one that is left is found";
}

TEST_F(LargePool, TriedOnesAreLeftOut) {
  UseMany(kMany);
  std::vector<const Endpoint*> tried;
  for (int i = 0; i < 10; ++i) {
    request_.tried = tried;
    tried.push_back(Choose().use.get().get());
    ASSERT_EQ(std::count(tried.begin(), tried.end(), tried.back()), 1);
  }
}

TEST_F(LargePool, TwoChoicesAreNearlyEven) {
  settings_.algorithm = Algorithm::kRandomTwo;
  UseMany(kMany);
  const auto shares = Hold(20 * kMany);
  for (const auto& [name, count] : shares) ASSERT_LE(count, 30) << name;
  EXPECT_EQ(shares.size(), size_t{kMany});
}

TEST_F(LargePool, TwoChoicesRespectTheOperatorsWeight) {
  settings_.algorithm = Algorithm::kRandomTwo;
  UseMany(kMany);
  Member(3).SetAdminWeight(0);
  EXPECT_EQ(Hold(5000).count("3"), 0U);
}

TEST_F(LargePool, LeastConnIsExact) {
  settings_.algorithm = Algorithm::kLeastConn;
  UseMany(200);
  EXPECT_EQ(Hold(400).size(), 200U);
  for (const PoolMember& member : pool_->members) ASSERT_EQ(member.endpoint->in_use(), 2U);
}

// What a key is given must not depend on how many others there are to look at.
TEST_F(LargePool, SourceHashAgreesWithTheScan) {
  settings_.algorithm = Algorithm::kSourceHash;
  std::vector<Instance> instances = Many(300);
  for (size_t i = 0; i < instances.size(); ++i) instances[i].weight = 1 + static_cast<uint32_t>(i % 3);
  UseInstances(instances);
  std::vector<std::string> large;
  for (request_.hash = 0; request_.hash < 2000; ++request_.hash) large.push_back(Who());
  int kept = 0;
  int there = 0;
  instances.resize(100);
  UseInstances(instances);
  for (request_.hash = 0; request_.hash < 2000; ++request_.hash) {
    if (std::stoi(large[request_.hash]) >= 100) continue;
    ++there;
    kept += Who() == large[request_.hash] ? 1 : 0;
  }
  EXPECT_EQ(kept, there);
  EXPECT_NEAR(there, 2000.0 / 3, 80);
}

TEST_F(LargePool, SplitsAreExactToo) {
  settings_.split = ParseShares("v1:95,v2:5").value();
  settings_.split.key = SplitKey::kNone;
  std::vector<Instance> instances = Many(kMany);
  for (size_t i = 0; i < instances.size(); ++i) instances[i].version = i < 700 ? "v1" : i < 999 ? "v2" : "v3";
  UseInstances(instances);
  std::map<std::string, int> versions;
  for (int i = 0; i < 10'000; ++i) ++versions[pool_->versions[Choose().member->version]];
  EXPECT_EQ(versions, (std::map<std::string, int>{{"v1", 9500}, {"v2", 500}}));
  request_.version = "v3";
  EXPECT_EQ(Who(), "999");
}

}  // namespace
}  // namespace signpost::lb
