// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/desired_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registrar/container/inspect.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWeb = "aaaa";
constexpr const char* kWebId = "node1:web:80";
constexpr Millis kNow{1'000'000};
constexpr int64_t kWall = 1'767'225'700;  // some time after the containers' start

MappingOptions Mapping() {
  MappingOptions options;
  options.node_id = "node1";
  options.host_ipv4 = "192.0.2.10";
  return options;
}

Container Web(const std::string& id = kWeb, const std::string& name = "web") {
  Container container;
  container.id = id;
  container.name = name;
  container.image = "web:1";
  container.started_at = "2026-01-01T00:00:00Z";
  container.running = true;
  container.network_mode = "default";
  ContainerPort port;
  port.number = 80;
  port.exposed = port.requested = true;
  port.bindings = {{"0.0.0.0", 8080}};
  container.ports = {port};
  return container;
}

Container Stopped(Container container, int exit_code) {
  container.running = false;
  container.exit_code = exit_code;
  container.ports.front().bindings.clear();
  return container;
}

Container Sick(Container container, Health health) {
  container.health = health;
  return container;
}

Container Paused(Container container) {
  container.paused = true;
  return container;
}

Event Kill(int signal, const std::string& id = kWeb) {
  Event event;
  event.kind = EventKind::kKill;
  event.container_id = id;
  event.signal = signal;
  return event;
}

class DesiredBookTest : public testing::Test {
 protected:
  explicit DesiredBookTest(DeregisterMode mode = DeregisterMode::kAlways) : book_(mode) {
    book_.SetMapping(Mapping(), kNow);
  }

  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const auto& [id, desired] : book_.desired()) ids.push_back(id);
    return ids;
  }
  std::string Maintenance(const std::string& id = kWebId) const {
    const auto found = book_.desired().find(id);
    return found == book_.desired().end() ? "not desired" : found->second.maintenance;
  }
  std::string Report() const {
    const auto found = book_.desired().find(kWebId);
    if (found == book_.desired().end()) return "not desired";
    return found->second.reports.empty() ? "none" : found->second.reports.front().status;
  }

  DesiredBook book_;
};

TEST_F(DesiredBookTest, ARunningContainerWantsItsServices) {
  book_.OnContainer(Web(), kNow);
  EXPECT_THAT(Ids(), ElementsAre(kWebId));
  EXPECT_THAT(book_.TakeChanged(), ElementsAre(kWebId));
  EXPECT_THAT(book_.TakeChanged(), IsEmpty());
  book_.OnContainer(Web(), kNow);
  EXPECT_THAT(book_.TakeChanged(), IsEmpty()) << "the same again is no change";
}

TEST_F(DesiredBookTest, OneThatEndedWantsNone) {
  book_.OnContainer(Web(), kNow);
  (void)book_.TakeChanged();
  book_.OnContainer(Stopped(Web(), 0), kNow);
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_THAT(book_.TakeChanged(), ElementsAre(kWebId));
  EXPECT_EQ(book_.counters().ended_ok.value(), 1);
}

TEST_F(DesiredBookTest, InRestartBackoffItIsDownAlthoughTheEngineSaysRunning) {
  Container container = Web();
  container.restarting = true;
  book_.OnContainer(container, kNow);
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(DesiredBookTest, TheStopSignalIsMaintenanceAtOnce) {
  book_.OnContainer(Web(), kNow);
  (void)book_.TakeChanged();
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  EXPECT_THAT(Maintenance(), HasSubstr("registrar: "));
  EXPECT_THAT(book_.TakeChanged(), ElementsAre(kWebId));
}

TEST_F(DesiredBookTest, OtherSignalsMeanNothing) {
  book_.OnContainer(Web(), kNow);
  for (const int signal : {0, 1, 2, 9, 10}) book_.OnEvent(Kill(signal), kNow, kWall, Millis(0));
  EXPECT_EQ(Maintenance(), "");
}

TEST_F(DesiredBookTest, TheStopSignalIsTheContainersOwn) {
  Container container = Web();
  container.stop_signal = 2;
  book_.OnContainer(container, kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  EXPECT_EQ(Maintenance(), "");
  book_.OnEvent(Kill(2), kNow, kWall, Millis(0));
  EXPECT_NE(Maintenance(), "");
}

TEST_F(DesiredBookTest, ALabelNamedSignalHidesTheEnginesValue) {
  Container container = Web();
  container.labels = {{"signal", "15"}};
  book_.OnContainer(container, kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  EXPECT_EQ(Maintenance(), "");
}

TEST_F(DesiredBookTest, AContainerThatSurvivesItsStopSignalComesBack) {
  Container container = Web();
  container.stop_timeout = Millis(4000);
  book_.OnContainer(container, kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  const auto deadline = book_.NextDeadline();
  ASSERT_EQ(deadline, kNow + Millis(9000));
  book_.OnTime(*deadline - Millis(1));
  EXPECT_NE(Maintenance(), "");
  book_.OnTime(*deadline);
  EXPECT_EQ(Maintenance(), "");
  EXPECT_EQ(book_.NextDeadline(), std::nullopt);
  EXPECT_EQ(book_.counters().drains_lifted.value(), 1);
}

TEST_F(DesiredBookTest, TheMarkSaysUntilWhen) {
  book_.OnContainer(Web(), kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  EXPECT_EQ(Maintenance(), StopReason(kWall + 16)) << "ten seconds of stop timeout, five of slack";
}

TEST_F(DesiredBookTest, AnOldStopSignalCountsFromWhenItWasSentOrNotAtAll) {
  book_.OnContainer(Web(), kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(15000));
  EXPECT_EQ(Maintenance(), "") << "survived";
  Event earlier = Kill(15);
  earlier.time_nano = ParseTimeNano("2025-12-31T23:59:59Z");
  book_.OnEvent(earlier, kNow, kWall, Millis(0));
  EXPECT_EQ(Maintenance(), "") << "of the run before";
  book_.OnEvent(Kill(15), kNow, kWall, Millis(5000));
  EXPECT_EQ(book_.NextDeadline(), kNow + Millis(10000));
}

TEST_F(DesiredBookTest, DrainZeroLeavesItInTheAnswers) {
  Container container = Web();
  container.labels = {{"SERVICE_DRAIN", "0"}};
  book_.OnContainer(container, kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  EXPECT_EQ(Maintenance(), "");
}

TEST_F(DesiredBookTest, ARestartEndsTheDrain) {
  book_.OnContainer(Web(), kNow);
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  Container again = Web();
  again.started_at = "2026-01-01T00:00:09Z";
  again.ports.front().bindings = {{"0.0.0.0", 32769}};
  book_.OnContainer(again, kNow);
  EXPECT_EQ(Maintenance(), "");
  EXPECT_EQ(book_.desired().at(kWebId).service.port, 32769);
  EXPECT_EQ(book_.counters().restarts.value(), 1);
}

TEST_F(DesiredBookTest, APauseIsMaintenanceAndAStopWhilePausedStaysADrain) {
  book_.OnContainer(Paused(Web()), kNow);
  EXPECT_THAT(Maintenance(), HasSubstr("paused"));
  book_.OnEvent(Kill(15), kNow, kWall, Millis(0));
  book_.OnContainer(Web(), kNow);
  EXPECT_THAT(Maintenance(), HasSubstr("stop signal"));
}

TEST_F(DesiredBookTest, HealthIsReported) {
  struct Row {
    Health health;
    const char* status;
  };
  for (const Row& row : {Row{Health::kStarting, "critical"}, Row{Health::kHealthy, "passing"},
                         Row{Health::kUnhealthy, "critical"}, Row{Health::kHealthy, "passing"}}) {
    book_.OnContainer(Sick(Web(), row.health), kNow);
    EXPECT_EQ(Report(), row.status);
  }
}

TEST_F(DesiredBookTest, APauseIsNoIllness) {
  book_.OnContainer(Sick(Web(), Health::kHealthy), kNow);
  book_.OnContainer(Paused(Sick(Web(), Health::kUnhealthy)), kNow);
  EXPECT_EQ(Report(), "passing");
  book_.OnContainer(Sick(Web(), Health::kUnhealthy), kNow);
  EXPECT_EQ(Report(), "passing") << "unpaused, and no probe since";
  book_.OnContainer(Sick(Web(), Health::kHealthy), kNow);
  EXPECT_EQ(Report(), "passing");
}

TEST_F(DesiredBookTest, FirstSeenPausedNothingIsSaidOfItsHealth) {
  book_.OnContainer(Paused(Sick(Web(), Health::kUnhealthy)), kNow);
  EXPECT_EQ(Report(), "none");
  book_.OnContainer(Sick(Web(), Health::kUnhealthy), kNow);
  EXPECT_EQ(Report(), "none") << "unpaused, and no probe since";
  book_.OnContainer(Sick(Web(), Health::kHealthy), kNow);
  EXPECT_EQ(Report(), "passing");
}

TEST_F(DesiredBookTest, IllnessAfterAPauseShowsWithItsEventOrInTime) {
  const auto after_pause = [this] {
    book_.OnContainer(Sick(Web(), Health::kHealthy), kNow);
    book_.OnContainer(Paused(Sick(Web(), Health::kUnhealthy)), kNow);
    book_.OnContainer(Sick(Web(), Health::kUnhealthy), kNow);
  };
  after_pause();
  Event health;
  health.kind = EventKind::kHealth;
  health.container_id = kWeb;
  book_.OnEvent(health, kNow, kWall, Millis(0));
  book_.OnContainer(Sick(Web(), Health::kUnhealthy), kNow);
  EXPECT_EQ(Report(), "critical");

  after_pause();
  const auto deadline = book_.NextDeadline();
  ASSERT_TRUE(deadline);
  book_.OnTime(*deadline);
  EXPECT_EQ(Report(), "critical");
}

Container WhenHealthy(Container container) {
  container.labels = {{"SERVICE_REGISTER_WHEN", "healthy"}};
  return container;
}

TEST_F(DesiredBookTest, RegisterWhenHealthyWaitsAndThenStays) {
  book_.OnContainer(WhenHealthy(Sick(Web(), Health::kStarting)), kNow);
  EXPECT_THAT(Ids(), IsEmpty());
  book_.OnContainer(WhenHealthy(Sick(Web(), Health::kHealthy)), kNow);
  EXPECT_THAT(Ids(), ElementsAre(kWebId));
  book_.OnContainer(WhenHealthy(Sick(Web(), Health::kUnhealthy)), kNow);
  EXPECT_EQ(Report(), "critical");
  Container again = WhenHealthy(Sick(Web(), Health::kStarting));
  again.started_at = "2026-01-01T00:00:09Z";
  book_.OnContainer(again, kNow);
  EXPECT_THAT(Ids(), IsEmpty()) << "a new run waits again";
}

TEST_F(DesiredBookTest, RegisterWhenHealthyIsRememberedByTheAgentAcrossOurRestart) {
  book_.SetRegistered(
      [](std::string_view service, std::string_view container) { return service == kWebId && container == kWeb; });
  book_.OnContainer(WhenHealthy(Sick(Web(), Health::kUnhealthy)), kNow);
  EXPECT_THAT(Ids(), ElementsAre(kWebId));
}

TEST_F(DesiredBookTest, GoneMeansNothingIsLeft) {
  book_.OnContainer(Web(), kNow);
  (void)book_.TakeChanged();
  book_.OnGone(kWeb);
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_THAT(book_.TakeChanged(), ElementsAre(kWebId));
  EXPECT_FALSE(book_.Knows(kWeb));
  EXPECT_EQ(book_.containers(), 0);
}

TEST_F(DesiredBookTest, OfTwoContainersWithOneIdTheFirstHasItUntilItEnds) {
  Container first = Web();
  Container second = Web("bbbb", "other");
  first.labels = second.labels = {{"SERVICE_ID", "x"}};
  second.ports.front().bindings = {{"0.0.0.0", 8081}};
  book_.OnContainer(first, kNow);
  book_.OnContainer(second, kNow);
  ASSERT_THAT(Ids(), ElementsAre("x"));
  EXPECT_EQ(book_.desired().at("x").service.port, 8080);
  EXPECT_THAT(book_.TakeWarnings(), ElementsAre(HasSubstr("another running container")));
  book_.OnContainer(Stopped(first, 0), kNow);
  ASSERT_THAT(Ids(), ElementsAre("x"));
  EXPECT_EQ(book_.desired().at("x").service.port, 8081);
}

TEST_F(DesiredBookTest, WhoHasAnIdDoesNotDependOnTheOrderOfInspects) {
  Container old = Web();
  Container young = Web("bbbb", "other");
  old.labels = young.labels = {{"SERVICE_ID", "x"}};
  young.started_at = "2026-01-01T00:00:05Z";
  young.ports.front().bindings = {{"0.0.0.0", 8081}};
  book_.OnContainer(young, kNow);
  book_.OnContainer(old, kNow);
  EXPECT_EQ(book_.desired().at("x").service.container_id, kWeb) << "the older one";
  book_.SetRegistered([](std::string_view /*service*/, std::string_view container) { return container == "bbbb"; });
  book_.Remap();
  EXPECT_EQ(book_.desired().at("x").service.container_id, "bbbb") << "the one that the agent's entry leads to";
  book_.OnGone("bbbb");
  EXPECT_EQ(book_.desired().at("x").service.container_id, kWeb);
}

TEST_F(DesiredBookTest, ARemovalHasItsReason) {
  ActualService actual;
  actual.id = kWebId;
  EXPECT_THAT(book_.WhyNot(actual), HasSubstr("no container"));
  actual.meta = {{std::string(kContainerKey), kWeb}};
  EXPECT_THAT(book_.WhyNot(actual), HasSubstr("gone"));
  book_.OnContainer(Web(), kNow);
  EXPECT_THAT(book_.WhyNot(actual), HasSubstr("container web does not want it"));
  book_.OnContainer(Stopped(Web(), 0), kNow);
  EXPECT_THAT(book_.WhyNot(actual), HasSubstr("container web does not run"));
}

TEST_F(DesiredBookTest, GeneralMaintenanceIsForAll) {
  book_.OnContainer(Web(), kNow);
  book_.SetGeneralMaintenance("registrar: away");
  EXPECT_EQ(Maintenance(), "registrar: away");
  book_.SetGeneralMaintenance("");
  EXPECT_EQ(Maintenance(), "");
}

TEST_F(DesiredBookTest, AnotherMappingCountsForAll) {
  book_.OnContainer(Web(), kNow);
  MappingOptions moved = Mapping();
  moved.host_ipv4 = "192.0.2.99";
  book_.SetMapping(moved, kNow);
  EXPECT_THAT(Ids(), ElementsAre(kWebId));
  EXPECT_EQ(book_.desired().at(kWebId).service.address, "192.0.2.99");
}

TEST_F(DesiredBookTest, AContainerInAnothersNamespaceFollowsIt) {
  Container sidecar = Web("bbbb", "sidecar");
  sidecar.network_mode = "container:aaaa";
  sidecar.ports.front().bindings.clear();
  book_.OnContainer(sidecar, kNow);
  const auto before = Ids();
  book_.OnContainer(Web(), kNow);
  EXPECT_NE(Ids(), before);
  const auto found = book_.desired().find("node1:sidecar:80");
  ASSERT_NE(found, book_.desired().end());
  EXPECT_EQ(found->second.service.port, 8080);
}

class OnSuccessTest : public DesiredBookTest {
 protected:
  OnSuccessTest() : DesiredBookTest(DeregisterMode::kOnSuccess) {}

  bool Keeps(const std::string& container_id) const {
    ActualService actual;
    actual.id = kWebId;
    actual.meta = {{std::string(kContainerKey), container_id}};
    const auto kept = book_.Kept(actual);
    EXPECT_TRUE(!kept || (kept->frozen && kept->maintenance.starts_with(kOwnReason)));
    return kept.has_value();
  }
};

TEST_F(OnSuccessTest, OnlyAFailureIsKept) {
  struct Row {
    int code;
    bool kept;
    bool kept_by_registrator;
  };
  for (const Row& row : {Row{0, false, false}, Row{3, true, true}, Row{137, false, false}, Row{143, false, false},
                         Row{139, true, false}, Row{255, true, false}}) {
    for (const Compat compat : {Compat::kNone, Compat::kRegistrator}) {
      MappingOptions options = Mapping();
      options.compat = compat;
      book_.SetMapping(options, kNow);
      book_.OnContainer(Web(), kNow);
      book_.OnContainer(Stopped(Web(), row.code), kNow);
      EXPECT_THAT(Ids(), IsEmpty());
      EXPECT_EQ(Keeps(kWeb), compat == Compat::kNone ? row.kept : row.kept_by_registrator) << row.code;
    }
  }
  book_.OnGone(kWeb);
  EXPECT_FALSE(Keeps(kWeb));
}

TEST_F(OnSuccessTest, ARunningOneOrOneThatNeverRanIsNotKept) {
  book_.OnContainer(Web(), kNow);
  EXPECT_FALSE(Keeps(kWeb));
  Container created = Stopped(Web("bbbb", "never"), 127);
  created.started_at = "0001-01-01T00:00:00Z";
  book_.OnContainer(created, kNow);
  EXPECT_FALSE(Keeps("bbbb"));
}

}  // namespace
}  // namespace signpost::registrar
