// Signpost. Apache-2.0; see LICENSE.
// What a container's health means for its services, a pause included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "registrar/container/inspect.h"
#include "registrar/reconcile/desired_book.h"
#include "tests/unit/registrar/reconcile/desired_book_world.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

}  // namespace
}  // namespace signpost::registrar
