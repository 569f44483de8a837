// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/acl_guard.h"

#include <gtest/gtest.h>

#include <vector>

namespace signpost::feed {
namespace {

using enum AclGuard::Verdict;

TEST(AclGuard, JudgesListsInOrder) {
  struct Step {
    size_t names;
    bool has_consul;
    AclGuard::Verdict verdict;
  };
  const struct {
    const char* what;
    std::vector<Step> steps;
  } kCases[] = {
      {"normal life", {{3, true, kNews}, {2, true, kNews}, {1, true, kNews}}},
      {"empty from the start", {{0, false, kLost}, {5, true, kNews}}},
      {"all rights lost and regained", {{3, true, kNews}, {0, false, kLost}, {0, false, kLost}, {3, true, kNews}}},
      {"consul hidden, others seen", {{3, true, kNews}, {2, false, kLost}}},
      {"a token that never saw consul", {{3, false, kNews}, {2, false, kNews}, {0, false, kLost}, {1, false, kNews}}},
      {"consul became visible later", {{3, false, kNews}, {4, true, kNews}, {3, false, kLost}}},
      {"restarted with an empty state", {{9, true, kNews}, {1, true, kNews}}},
  };
  for (const auto& test : kCases) {
    AclGuard guard;
    for (const Step& step : test.steps) {
      EXPECT_EQ(guard.JudgeServices(step.names, step.has_consul), step.verdict) << test.what;
      EXPECT_EQ(guard.tripped(), step.verdict == kLost) << test.what;
    }
  }
}

TEST(AclGuard, RemembersConsulFromAnEarlierRun) {
  AclGuard guard;
  guard.RememberConsul();
  EXPECT_EQ(guard.JudgeServices(3, false), kLost);
  EXPECT_EQ(guard.JudgeServices(3, true), kNews);
}

TEST(AclGuard, ThereIsNoConsulWithoutNodes) {
  AclGuard guard;
  EXPECT_EQ(guard.JudgeNodes(1), kNews);
  EXPECT_EQ(guard.JudgeNodes(0), kLost);
  EXPECT_EQ(guard.JudgeServices(3, true), kNews);
  EXPECT_TRUE(guard.tripped());
  EXPECT_EQ(guard.JudgeNodes(2), kNews);
  EXPECT_FALSE(guard.tripped());
}

TEST(AclGuard, CountsTripsNotRepetitions) {
  AclGuard guard;
  EXPECT_EQ(guard.JudgeServices(0, false), kLost);
  EXPECT_EQ(guard.JudgeServices(0, false), kLost);
  EXPECT_EQ(guard.JudgeServices(1, true), kNews);
  EXPECT_EQ(guard.JudgeServices(0, false), kLost);
  EXPECT_EQ(guard.trips(), 2U);
}

}  // namespace
}  // namespace signpost::feed
