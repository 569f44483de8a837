// Signpost. Apache-2.0; see LICENSE.
// Maintenance marks and reports of checks in the plan of one service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/registrar/plan/plan_cases.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Situation {
  std::string at_agent;  // "" = no mark
  std::string desired;
  int64_t now = 1000;
  bool checks_change = false;
  bool may_lift = false;
};

// "on:<text>", "off", "change"
Strings Steps(const Situation& situation) {
  Service before = Web();
  if (situation.checks_change) before.checks[0].interval = "20s";
  ActualService actual = Registered(before);
  actual.maintenance = !situation.at_agent.empty();
  actual.maintenance_reason = situation.at_agent;
  const DesiredService desired{.service = Web(), .maintenance = situation.desired, .may_lift = situation.may_lift};
  PlanOptions options = kOptions;
  options.now_seconds = situation.now;
  Strings steps;
  for (const Action& action : PlanService(&desired, &actual, options).actions) {
    if (action.kind == ActionKind::kMaintenanceOn) steps.push_back("on:" + action.text);
    if (action.kind == ActionKind::kMaintenanceOff) steps.emplace_back("off");
    if (action.kind == ActionKind::kChange) steps.emplace_back("change");
  }
  return steps;
}

TEST(Maintenance, IsSetAndLiftedForOurOwnReasonsOnly) {
  EXPECT_THAT(Steps({.desired = "registrar: stopping"}), ElementsAre("on:registrar: stopping"));
  EXPECT_THAT(Steps({.at_agent = "registrar: stopping"}), ElementsAre("off"));
  EXPECT_THAT(Steps({.at_agent = "upgrade by hand"}), IsEmpty());
}

TEST(Maintenance, AnyMarkSatisfiesADesiredOne) {
  EXPECT_THAT(Steps({.at_agent = "registrar: paused", .desired = "registrar: stopping"}), IsEmpty());
  EXPECT_THAT(Steps({.at_agent = "upgrade by hand", .desired = "registrar: stopping"}), IsEmpty());
}

TEST(Maintenance, TheDrainCommandsMarkLastsUntilItsTime) {
  const std::string mark = DrainReason(1010);
  EXPECT_EQ(mark, "registrar: drain command until 1010");
  EXPECT_THAT(Steps({.at_agent = mark, .now = 1009}), IsEmpty());
  EXPECT_THAT(Steps({.at_agent = mark, .now = 1010}), ElementsAre("off"));
  EXPECT_THAT(Steps({.at_agent = mark, .desired = mark, .now = 1010}), IsEmpty());
}

TEST(Maintenance, OnlyAWholeNumberIsATime) {
  EXPECT_EQ(StopReason(7), "registrar: stop signal until 7");
  for (const std::string& reason : {DrainReason(7), StopReason(7), std::string("registrar: until 9 until 7")}) {
    EXPECT_EQ(MarkUntil(reason), 7) << reason;
  }
  for (const char* reason : {"", "registrar: drain command until ", "registrar: drain command until 7s",
                             "registrar: drain command until 99999999999999999999", "drain command until 7",
                             "registrar: stop signal until -7", "registrar: until", "registrar: 7"}) {
    EXPECT_EQ(MarkUntil(reason), 0) << reason;
  }
}

TEST(Maintenance, AnyOwnMarkWithAnEndLastsUntilThenUnlessItIsOurs) {
  for (const std::string& mark : {DrainReason(1010), StopReason(1010), std::string("registrar: later until 1010")}) {
    EXPECT_THAT(Steps({.at_agent = mark, .now = 1009}), IsEmpty()) << mark;
    EXPECT_THAT(Steps({.at_agent = mark, .now = 1010}), ElementsAre("off")) << mark;
    EXPECT_THAT(Steps({.at_agent = mark, .now = 1009, .may_lift = true}), ElementsAre("off")) << mark;
    EXPECT_THAT(Steps({.at_agent = mark, .desired = mark, .now = 1010, .may_lift = true}), IsEmpty()) << mark;
  }
  EXPECT_THAT(Steps({.at_agent = "closed until 1010", .now = 1011, .may_lift = true}), IsEmpty()) << "an operator's";
}

TEST(Maintenance, Case111AChangeOfChecksKeepsTheMark) {
  for (const std::string& mark : {std::string("upgrade by hand"), DrainReason(1010)}) {
    EXPECT_THAT(Steps({.at_agent = mark, .checks_change = true}), ElementsAre("change")) << mark;
  }
  EXPECT_THAT(Steps({.at_agent = "registrar: stopping", .desired = "registrar: stopping", .checks_change = true}),
              ElementsAre("change"));
  EXPECT_THAT(Steps({.at_agent = "registrar: stopping", .checks_change = true}), ElementsAre("change", "off"));
}

TEST(Maintenance, ANewServiceGetsItAfterItsRegistration) {
  const DesiredService desired{.service = Web(), .maintenance = "registrar: paused"};
  const auto actions = PlanService(&desired, nullptr, kOptions).actions;
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(actions[0].kind, ActionKind::kAdd);
  EXPECT_EQ(actions[1].kind, ActionKind::kMaintenanceOn);
}

// The reports in the plan when the agent's check has `actual`.
size_t Reports(const ActualCheck* actual, const CheckReport& report) {
  ActualService service = Registered(Web());
  if (actual) service.checks[0] = *actual;
  const DesiredService desired{.service = Web(), .reports = {report}};
  size_t count = 0;
  for (const Action& action : PlanService(&desired, actual ? &service : nullptr, kOptions).actions) {
    if (action.kind == ActionKind::kReport) {
      EXPECT_EQ(action.report, report);
      ++count;
    }
  }
  return count;
}

const std::string kDocker = "docker:node1:web.1:80";

TEST(Reports, AreMadeOnlyWhenStatusOrOutputDiffer) {
  const ActualCheck passing{.id = kDocker, .status = "passing", .output = "fine"};
  EXPECT_EQ(Reports(&passing, {kDocker, "passing", "fine"}), 0U);
  EXPECT_EQ(Reports(&passing, {kDocker, "critical", "fine"}), 1U);
  EXPECT_EQ(Reports(&passing, {kDocker, "passing", "better"}), 1U);
  EXPECT_EQ(Reports(&passing, {"docker:other", "critical", ""}), 0U);
}

TEST(Reports, ARegistrationNamesTheStatusAlready) {
  EXPECT_EQ(Reports(nullptr, {kDocker, "passing", ""}), 0U);
  EXPECT_EQ(Reports(nullptr, {kDocker, "passing", "fine"}), 1U);
}

TEST(Reports, WhatTheAgentCutOrRepairedIsTheSame) {
  const std::string text(5000, 'y');
  const ActualCheck cut{
      .id = kDocker, .status = "passing", .output = text.substr(0, 4096) + " ... (captured 4096 of 5000 bytes)"};
  EXPECT_EQ(Reports(&cut, {kDocker, "passing", text}), 0U);
  EXPECT_EQ(Reports(&cut, {kDocker, "passing", "x" + text}), 1U);
  const ActualCheck repaired{.id = kDocker, .status = "passing", .output = "a\xEF\xBF\xBD"};
  EXPECT_EQ(Reports(&repaired, {kDocker, "passing", "a\xFF"}), 0U);
}

}  // namespace
}  // namespace signpost::registrar
