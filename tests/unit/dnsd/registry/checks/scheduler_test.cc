// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/scheduler.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"

namespace signpost::registry {
namespace {

using std::chrono::seconds;
using test::RunTurns;
using test::RunUntil;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Stands still but for what a test adds; the wall clock jumps whenever it likes.
class SteppedClock final : public Clock {
 public:
  Nanos Monotonic() const override { return now; }
  Nanos Wall() const override { return wall; }
  Nanos now = seconds(1000);
  Nanos wall{0};
};

class SchedulerTest : public ::testing::Test {
 protected:
  using Kind = CheckDefinition::Kind;

  static Definition Ttl(Nanos ttl) {
    CheckDefinition definition;
    definition.kind = Kind::kTtl;
    definition.ttl = std::chrono::duration_cast<Millis>(ttl);
    return std::make_shared<const CheckDefinition>(definition);
  }
  static Definition Shell(const std::string& text) {
    CheckDefinition definition;
    definition.kind = Kind::kScript;
    definition.script_args = {"/bin/sh", "-c", text};
    definition.interval = seconds(10);
    return std::make_shared<const CheckDefinition>(definition);
  }
  static Definition Alias(const std::string& service) {
    CheckDefinition definition;
    definition.kind = Kind::kAlias;
    definition.alias_service = service;
    return std::make_shared<const CheckDefinition>(definition);
  }

  // Moves the clock in steps, as time does, and waits for the runs that start.
  void Pass(Nanos time) {
    for (const Nanos end = clock.now + time; clock.now < end;) {
      clock.now = std::min(end, clock.now + Nanos(seconds(1)));
      scheduler.Advance();
      EXPECT_TRUE(RunUntil(loop, [&] { return scheduler.running() == 0; }));
    }
  }
  std::vector<std::string> Reports() { return std::exchange(reports, {}); }

  net::Loop loop;
  SteppedClock clock;
  CheckOptions options{.enable_scripts = true, .max_running = 4, .docker_url = "", .min_interval = Millis(1000)};
  std::vector<std::string> reports;
  std::map<std::string, AliasView> services;
  int lookups = 0;
  CheckScheduler scheduler{loop, clock, options,
                           [this](const CheckKey& key, CheckStatus status, const std::string& output) {
                             reports.push_back(key + " " + std::string(StatusWord(status)) + ": " + output);
                           },
                           [this](const std::string& /*node*/, const std::string& service) {
                             ++lookups;
                             return services[service];
                           }};
};

TEST_F(SchedulerTest, ATtlCheckExpiresOnce) {
  scheduler.Add("a", Ttl(seconds(10)));
  Pass(seconds(9));
  EXPECT_THAT(Reports(), IsEmpty());
  Pass(seconds(2));
  EXPECT_THAT(Reports(), ElementsAre("a critical: TTL expired"));
  Pass(seconds(60));
  EXPECT_THAT(Reports(), IsEmpty());
  EXPECT_EQ(scheduler.counters().ttl_expired.value(), 1U);
}

TEST_F(SchedulerTest, SignsOfLifeWindTheTimer) {
  scheduler.Add("a", Ttl(seconds(10)), "before the restart");
  Pass(seconds(8));
  EXPECT_TRUE(scheduler.Heartbeat("a", CheckStatus::kWarning, "slow"));
  EXPECT_THAT(Reports(), ElementsAre("a warning: slow"));
  Pass(seconds(9));
  EXPECT_THAT(Reports(), IsEmpty());
  Pass(seconds(1));
  EXPECT_THAT(Reports(), ElementsAre("a critical: TTL expired (last output before timeout follows): slow"));
  EXPECT_TRUE(scheduler.Heartbeat("a", CheckStatus::kPassing, "")) << "an expired check may come back";
  Pass(seconds(10));
  EXPECT_THAT(Reports(), ElementsAre("a passing: ", "a critical: TTL expired"));
}

TEST_F(SchedulerTest, TheWallClockDoesNotMatter) {
  scheduler.Add("a", Ttl(seconds(10)));
  clock.wall += std::chrono::hours(1000);
  Pass(seconds(9));
  clock.wall -= std::chrono::hours(5000);
  EXPECT_THAT(Reports(), IsEmpty());
  Pass(seconds(1));
  EXPECT_THAT(Reports(), ElementsAre("a critical: TTL expired"));
}

TEST_F(SchedulerTest, HeartbeatsAreForTtlChecksOnly) {
  scheduler.Add("s", Shell("true"));
  EXPECT_FALSE(scheduler.Heartbeat("s", CheckStatus::kPassing, ""));
  EXPECT_FALSE(scheduler.Heartbeat("nobody", CheckStatus::kPassing, ""));
  EXPECT_THAT(Reports(), IsEmpty());
}

TEST_F(SchedulerTest, LongHeartbeatsAreCut) {
  CheckDefinition definition = *Ttl(seconds(10));
  definition.output_max_size = 3;
  scheduler.Add("a", std::make_shared<const CheckDefinition>(definition));
  scheduler.Heartbeat("a", CheckStatus::kPassing, "abcdef");
  EXPECT_THAT(Reports(), ElementsAre("a passing: abc ... (captured 3 of 6 bytes)"));
}

TEST_F(SchedulerTest, RegisteringAgainWindsATtl) {
  scheduler.Add("a", Ttl(seconds(10)), "old");
  Pass(seconds(8));
  scheduler.Add("a", Ttl(seconds(10)));
  Pass(seconds(8));
  EXPECT_THAT(Reports(), IsEmpty());
  Pass(seconds(2));
  EXPECT_THAT(Reports(), ElementsAre("a critical: TTL expired"));
}

TEST_F(SchedulerTest, ARestartRemembersWhatWasSaid) {
  scheduler.Add("a", Ttl(seconds(1)), "fine");
  Pass(seconds(1));
  EXPECT_THAT(Reports(), ElementsAre("a critical: TTL expired (last output before timeout follows): fine"));
}

TEST_F(SchedulerTest, ChecksRunOncePerInterval) {
  scheduler.Add("s", Shell("echo hi"));
  Pass(seconds(10));
  EXPECT_THAT(Reports(), ElementsAre("s passing: hi\n"));
  Pass(seconds(30));
  EXPECT_THAT(Reports(), ElementsAre("s passing: hi\n", "s passing: hi\n", "s passing: hi\n"));
  EXPECT_EQ(scheduler.counters().started.value(), 4U);
  EXPECT_EQ(scheduler.counters().finished.value(), 4U);
  EXPECT_EQ(scheduler.counters().late.value(), 0U);
}

TEST_F(SchedulerTest, RegisteringAgainAndAgainDelaysNothing) {
  for (int i = 0; i < 20; ++i) {
    scheduler.Add("s", Shell("echo hi"));
    Pass(seconds(1));
  }
  EXPECT_EQ(Reports().size(), 2U);
}

TEST_F(SchedulerTest, ResultsBelowTheThresholdAreKeptBack) {
  CheckDefinition definition = *Shell("test -e \"$0\" || exit 2");
  const std::string marker = ::testing::TempDir() + "check-marker-" + std::to_string(getpid());
  definition.script_args.push_back(marker);
  definition.failures_before_critical = 3;
  close(open(marker.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  scheduler.Add("s", std::make_shared<const CheckDefinition>(definition));
  Pass(seconds(10));
  EXPECT_THAT(Reports(), ElementsAre("s passing: "));
  unlink(marker.c_str());
  Pass(seconds(20));
  EXPECT_THAT(Reports(), IsEmpty());
  Pass(seconds(10));
  EXPECT_THAT(Reports(), ElementsAre("s critical: "));
}

TEST_F(SchedulerTest, NoMoreThanAllowedRunAtOnceAndLatenessIsCounted) {
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) scheduler.Add(key, Shell("sleep 0.2"));
  clock.now += seconds(20);
  scheduler.Advance();
  EXPECT_EQ(scheduler.running(), 4U);
  EXPECT_EQ(scheduler.waiting(), 2U);
  EXPECT_TRUE(RunUntil(loop, [&] { return reports.size() == 6; }));
  EXPECT_EQ(scheduler.counters().late.value(), 6U);
  EXPECT_EQ(scheduler.waiting(), 0U);
}

TEST_F(SchedulerTest, RemovingARunningCheckEndsIt) {
  scheduler.Add("s", Shell("echo started; sleep 60"));
  clock.now += seconds(10);
  scheduler.Advance();
  EXPECT_EQ(scheduler.running(), 1U);
  scheduler.Remove("s");
  scheduler.Remove("s");
  EXPECT_EQ(scheduler.running(), 0U);
  EXPECT_EQ(scheduler.size(), 0U);
  EXPECT_EQ(scheduler.counters().cancelled.value(), 1U);
  RunTurns(loop, 20);
  EXPECT_THAT(Reports(), IsEmpty());
}

TEST_F(SchedulerTest, AnotherDefinitionReplaces) {
  scheduler.Add("s", Shell("sleep 60"));
  clock.now += seconds(10);
  scheduler.Advance();
  scheduler.Add("s", Shell("echo new"));
  EXPECT_EQ(scheduler.counters().cancelled.value(), 1U);
  Pass(seconds(10));
  EXPECT_THAT(Reports(), ElementsAre("s passing: new\n"));
  scheduler.Add("s", Ttl(seconds(5)));
  Pass(seconds(30));
  EXPECT_THAT(Reports(), ElementsAre("s critical: TTL expired"));
}

TEST_F(SchedulerTest, AliasesFollowTheState) {
  scheduler.Add("x", Alias("web"));
  EXPECT_THAT(Reports(), IsEmpty()) << "not from inside Add";
  EXPECT_TRUE(RunUntil(loop, [&] { return reports.size() == 1; }));
  EXPECT_THAT(Reports(), ElementsAre("x critical: Service web could not be found on node "));
  services["web"] = {.found = true,
                     .checks = {{.name = "W", .status = "warning", .output = "o", .type = "", .of_node = false}}};
  for (int i = 0; i < 10; ++i) scheduler.OnChecksChanged();
  EXPECT_TRUE(RunUntil(loop, [&] { return reports.size() == 1; }));
  EXPECT_THAT(Reports(), ElementsAre("x warning: Aliased check \"W\" failing: o"));
  EXPECT_EQ(lookups, 2) << "ten changes in one turn are one look";
  scheduler.Remove("x");
  scheduler.OnChecksChanged();
  RunTurns(loop);
  EXPECT_THAT(Reports(), IsEmpty());
}

TEST(SchedulerClockTest, TimersRunByTheirOwn) {
  net::Loop loop;
  std::vector<std::string> outputs;
  CheckOptions options{.enable_scripts = true, .max_running = 4, .docker_url = "", .min_interval = Millis(20)};
  CheckScheduler scheduler(
      loop, SystemClock(), options,
      [&](const CheckKey& key, CheckStatus /*status*/, const std::string& /*output*/) { outputs.push_back(key); }, {});
  CheckDefinition script;
  script.kind = CheckDefinition::Kind::kScript;
  script.script_args = {"true"};
  scheduler.Add("s", std::make_shared<const CheckDefinition>(script));
  CheckDefinition ttl;
  ttl.ttl = Millis(30);
  scheduler.Add("t", std::make_shared<const CheckDefinition>(ttl));
  EXPECT_TRUE(RunUntil(loop, [&] {
    return std::count(outputs.begin(), outputs.end(), "s") >= 3 && std::count(outputs.begin(), outputs.end(), "t") == 1;
  }));
}

TEST(SchedulerReentryTest, ReportsMayChangeEverything) {
  net::Loop loop;
  SteppedClock clock;
  CheckScheduler* self = nullptr;
  int reports = 0;
  CheckOptions options{.enable_scripts = true, .max_running = 1, .docker_url = "", .min_interval = Millis(1)};
  CheckDefinition ttl;
  ttl.ttl = Millis(1);
  CheckDefinition script;
  script.kind = CheckDefinition::Kind::kScript;
  script.script_args = {"true"};
  CheckScheduler scheduler(loop, clock, options,
                           [&](const CheckKey& key, CheckStatus /*status*/, const std::string& /*output*/) {
                             ++reports;
                             self->Remove(key);
                             self->Remove("b");
                             self->Add("c", std::make_shared<const CheckDefinition>(script));
                           },
                           {});
  self = &scheduler;
  scheduler.Add("a", std::make_shared<const CheckDefinition>(ttl));
  scheduler.Add("b", std::make_shared<const CheckDefinition>(ttl));
  clock.now += seconds(1);
  scheduler.Advance();
  EXPECT_EQ(reports, 1);
  clock.now += seconds(1);
  scheduler.Advance();
  EXPECT_TRUE(RunUntil(loop, [&] { return reports == 2; }));
  EXPECT_EQ(scheduler.size(), 1U) << "c was removed and added from its own report";
}

}  // namespace
}  // namespace signpost::registry
