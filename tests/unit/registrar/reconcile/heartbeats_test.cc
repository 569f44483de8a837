// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/heartbeats.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

constexpr Millis kRefresh{20000};

DesiredService WithCheck(const std::string& service, const std::string& check, CheckOwner owner,
                         const std::string& ttl) {
  DesiredService desired;
  desired.service.id = service;
  CheckDefinition definition;
  definition.check_id = check;
  definition.owner = owner;
  definition.ttl = ttl;
  desired.service.checks.push_back(definition);
  return desired;
}

std::vector<std::string> ChecksOf(const std::vector<Heartbeats::Due>& due) {
  std::vector<std::string> checks;
  for (const Heartbeats::Due& each : due) checks.push_back(each.check_id);
  return checks;
}

constexpr size_t kAny = 100;

TEST(HeartbeatsTest, AMirroredHealthCheckIsReportedEveryRefresh) {
  Heartbeats beats(kRefresh);
  beats.Set(WithCheck("web", "docker:web", CheckOwner::kDockerHealth, "90s"), Millis(0));
  ASSERT_TRUE(beats.NextDeadline());
  const Millis first = *beats.NextDeadline();
  EXPECT_GE(first, kRefresh / 2);
  EXPECT_LE(first, kRefresh);
  EXPECT_TRUE(beats.Take(first - Millis(1), kAny).empty());
  EXPECT_EQ(ChecksOf(beats.Take(first, kAny)), std::vector<std::string>{"docker:web"});
  EXPECT_TRUE(beats.Take(first + Millis(1), kAny).empty());
  EXPECT_EQ(beats.NextDeadline(), first + kRefresh);
}

TEST(HeartbeatsTest, ATtlIsReportedThreeTimesPerTtl) {
  struct Row {
    const char* ttl;
    Millis period;
  };
  for (const Row& row : {Row{"30s", Millis(10000)}, Row{"1m30s", Millis(30000)}, Row{"1500ms", Millis(1000)},
                         Row{"2h", Millis(2400000)}}) {
    Heartbeats beats(kRefresh);
    beats.Set(WithCheck("web", "service:web", CheckOwner::kHeartbeat, row.ttl), Millis(0));
    const Millis first = *beats.NextDeadline();
    (void)beats.Take(first, kAny);
    EXPECT_EQ(*beats.NextDeadline() - first, row.period) << row.ttl;
  }
}

TEST(HeartbeatsTest, ManyChecksAreSpreadAndTakenInPortions) {
  Heartbeats beats(kRefresh);
  for (int i = 0; i < 100; ++i) {
    const std::string id = "web" + std::to_string(i);
    beats.Set(WithCheck(id, "docker:" + id, CheckOwner::kDockerHealth, "90s"), Millis(0));
  }
  const size_t early = beats.Take(kRefresh * 3 / 4, kAny).size();
  EXPECT_GT(early, 20);
  EXPECT_LT(early, 80);
  beats.ExpireAll(kRefresh);
  EXPECT_EQ(beats.Take(kRefresh, 4).size(), 4);
  EXPECT_EQ(beats.NextDeadline(), kRefresh) << "the rest is still due";
}

TEST(HeartbeatsTest, ChecksOfOthersAreNotReported) {
  Heartbeats beats(kRefresh);
  beats.Set(WithCheck("web", "service:web", CheckOwner::kApplication, "30s"), Millis(0));
  beats.Set(WithCheck("api", "service:api", CheckOwner::kAgent, ""), Millis(0));
  EXPECT_EQ(beats.size(), 0);
  EXPECT_EQ(beats.NextDeadline(), std::nullopt);
}

TEST(HeartbeatsTest, SettingAgainKeepsTheTime) {
  Heartbeats beats(kRefresh);
  const DesiredService web = WithCheck("web", "docker:web", CheckOwner::kDockerHealth, "90s");
  beats.Set(web, Millis(0));
  const auto next = beats.NextDeadline();
  beats.Set(web, Millis(9000));
  EXPECT_EQ(beats.NextDeadline(), next);
}

TEST(HeartbeatsTest, AReportPutsOffTheNext) {
  Heartbeats beats(kRefresh);
  beats.Set(WithCheck("web", "docker:web", CheckOwner::kDockerHealth, "90s"), Millis(0));
  beats.Reported("docker:web", Millis(10000));
  EXPECT_EQ(beats.NextDeadline(), Millis(30000));
}

TEST(HeartbeatsTest, ACheckThatIsGoneIsForgotten) {
  Heartbeats beats(kRefresh);
  beats.Set(WithCheck("web", "docker:web", CheckOwner::kDockerHealth, "90s"), Millis(0));
  DesiredService bare;
  bare.service.id = "web";
  beats.Set(bare, Millis(1));
  EXPECT_EQ(beats.size(), 0);
  beats.Set(WithCheck("web", "docker:web", CheckOwner::kDockerHealth, "90s"), Millis(2));
  beats.Remove("web");
  EXPECT_EQ(beats.size(), 0);
}

TEST(HeartbeatsTest, AfterARestartOfTheAgentAllAreDue) {
  Heartbeats beats(kRefresh);
  beats.Set(WithCheck("web", "docker:web", CheckOwner::kDockerHealth, "90s"), Millis(0));
  beats.ExpireAll(Millis(5));
  EXPECT_EQ(ChecksOf(beats.Take(Millis(5), kAny)), std::vector<std::string>{"docker:web"});
}

}  // namespace
}  // namespace signpost::registrar
