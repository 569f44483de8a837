// Signpost. Apache-2.0; see LICENSE.
// What a container's stop signal means for its services, and when it means nothing any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "registrar/container/inspect.h"
#include "registrar/plan/registration.h"
#include "registrar/reconcile/desired_book.h"
#include "tests/unit/registrar/reconcile/desired_book_world.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

}  // namespace
}  // namespace signpost::registrar
