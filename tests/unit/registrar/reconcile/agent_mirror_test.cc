// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/agent_mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Service Web(uint16_t port = 80) {
  Service service;
  service.id = "web";
  service.name = "web";
  service.port = port;
  service.container_id = "aaaa";
  return service;
}

Action Make(ActionKind kind) {
  Action action;
  action.kind = kind;
  action.service_id = "web";
  return action;
}

ActualServices Reading(const Service& service, const std::string& owner = "me") {
  return {{service.id, AfterRegistration(service, owner, nullptr)}};
}

bool Nothing(const std::string& /*id*/) { return false; }

class AgentMirrorTest : public testing::Test {
 protected:
  PlanOptions Owner() const {
    PlanOptions options;
    options.owner = "me";
    return options;
  }
  AgentMirror mirror_;
};

TEST_F(AgentMirrorTest, KnowsNothingBeforeTheFirstReading) {
  EXPECT_FALSE(mirror_.known());
  (void)mirror_.Merge({}, Millis(10), Nothing);
  EXPECT_TRUE(mirror_.known());
  EXPECT_EQ(mirror_.Find("web"), nullptr);
}

TEST_F(AgentMirrorTest, AReadingReplacesWhatWasThere) {
  (void)mirror_.Merge(Reading(Web(80)), Millis(10), Nothing);
  (void)mirror_.Merge(Reading(Web(81)), Millis(20), Nothing);
  ASSERT_NE(mirror_.Find("web"), nullptr);
  EXPECT_EQ(mirror_.Find("web")->port, 81);
  (void)mirror_.Merge({}, Millis(30), Nothing);
  EXPECT_EQ(mirror_.Find("web"), nullptr);
}

TEST_F(AgentMirrorTest, AWriteThatIsYoungerThanTheReadingStays) {
  (void)mirror_.Merge({}, Millis(10), Nothing);
  const Service service = Web();
  mirror_.Applied(Make(ActionKind::kAdd), &service, "me", Millis(25));
  (void)mirror_.Merge({}, Millis(20), Nothing);
  EXPECT_NE(mirror_.Find("web"), nullptr) << "the reading began before the write";
  (void)mirror_.Merge({}, Millis(30), Nothing);
  EXPECT_EQ(mirror_.Find("web"), nullptr) << "this one began after it: somebody removed it";
}

TEST_F(AgentMirrorTest, ARemovalThatIsYoungerThanTheReadingStays) {
  (void)mirror_.Merge(Reading(Web()), Millis(10), Nothing);
  mirror_.Applied(Make(ActionKind::kRemove), nullptr, "me", Millis(25));
  (void)mirror_.Merge(Reading(Web()), Millis(20), Nothing);
  EXPECT_EQ(mirror_.Find("web"), nullptr);
}

TEST_F(AgentMirrorTest, WhatIsBeingWrittenIsNotReplaced) {
  (void)mirror_.Merge(Reading(Web(80)), Millis(10), Nothing);
  (void)mirror_.Merge(Reading(Web(81)), Millis(20), [](const std::string& id) { return id == "web"; });
  EXPECT_EQ(mirror_.Find("web")->port, 80);
}

TEST_F(AgentMirrorTest, AReadingTellsWhatChanged) {
  EXPECT_THAT(mirror_.Merge(Reading(Web(80)), Millis(10), Nothing), ElementsAre("web"));
  EXPECT_THAT(mirror_.Merge(Reading(Web(80)), Millis(20), Nothing), IsEmpty());
  EXPECT_THAT(mirror_.Merge(Reading(Web(81)), Millis(30), Nothing), ElementsAre("web"));
  EXPECT_THAT(mirror_.Merge({}, Millis(40), Nothing), ElementsAre("web"));
}

TEST_F(AgentMirrorTest, MaintenanceAndReportsAreFollowed) {
  Service service = Web();
  CheckDefinition check;
  check.check_id = "docker:web";
  check.ttl = "90s";
  service.checks = {check};
  (void)mirror_.Merge({}, Millis(10), Nothing);
  mirror_.Applied(Make(ActionKind::kAdd), &service, "me", Millis(11));
  Action on = Make(ActionKind::kMaintenanceOn);
  on.text = "registrar: paused";
  mirror_.Applied(on, nullptr, "me", Millis(12));
  EXPECT_TRUE(mirror_.Find("web")->maintenance);
  EXPECT_EQ(mirror_.Find("web")->maintenance_reason, "registrar: paused");
  EXPECT_THAT(mirror_.marked(), ElementsAre("web"));
  mirror_.Applied(Make(ActionKind::kMaintenanceOff), nullptr, "me", Millis(13));
  EXPECT_FALSE(mirror_.Find("web")->maintenance);
  EXPECT_THAT(mirror_.marked(), IsEmpty());
  Action report = Make(ActionKind::kReport);
  report.report = {"docker:web", "passing", "fine"};
  mirror_.Applied(report, nullptr, "me", Millis(14));
  ASSERT_EQ(mirror_.Find("web")->checks.size(), 1);
  EXPECT_EQ(mirror_.Find("web")->checks.front().status, "passing");
  EXPECT_EQ(mirror_.Find("web")->checks.front().output, "fine");
  Action remove_check = Make(ActionKind::kRemoveCheck);
  remove_check.report.check_id = "docker:web";
  mirror_.Applied(remove_check, nullptr, "me", Millis(15));
  EXPECT_THAT(mirror_.Find("web")->checks, IsEmpty());
  mirror_.Applied(Make(ActionKind::kRemove), nullptr, "me", Millis(16));
  EXPECT_THAT(mirror_.OfContainer("aaaa", Owner()), IsEmpty());
}

TEST_F(AgentMirrorTest, MineAreThoseWithMyOwner) {
  (void)mirror_.Merge(Reading(Web()), Millis(10), Nothing);
  EXPECT_THAT(mirror_.Mine(Owner()), ElementsAre("web"));
  EXPECT_THAT(mirror_.OfContainer("aaaa", Owner()), ElementsAre("web"));
  EXPECT_THAT(mirror_.OfContainer("bbbb", Owner()), IsEmpty());
  (void)mirror_.Merge(Reading(Web(), "other"), Millis(20), Nothing);
  EXPECT_THAT(mirror_.Mine(Owner()), IsEmpty());
  EXPECT_THAT(mirror_.OfContainer("aaaa", Owner()), IsEmpty());
}

}  // namespace
}  // namespace signpost::registrar
