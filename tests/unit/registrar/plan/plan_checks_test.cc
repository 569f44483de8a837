// Signpost. Apache-2.0; see LICENSE.
// Checks that have to go: those of ours that are defined no more, and those that get another type.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/registrar/plan/plan_cases.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kId = "node1:web.1:80";

// "remove_check service:a", "change", "report docker:a"
Strings Steps(const DesiredService& desired, const ActualService& actual) {
  Strings steps;
  for (const Action& action : PlanService(&desired, &actual, kOptions).actions) {
    const std::string& check = action.report.check_id;
    steps.push_back(ActionKindName(action.kind) + (check.empty() ? "" : " " + check));
  }
  return steps;
}

struct Left {
  std::string check_id;
  bool removed;
};

TEST(RemovedChecks, AreOursThatAreDefinedNoMore) {
  for (const Left& left : {Left{"service:" + kId + ":2", true}, Left{"service:" + kId + ":10", true},
                           Left{"service:" + kId, false},  // defined
                           Left{"service:" + kId + ":", false}, Left{"service:" + kId + ":x", false},
                           Left{"service:" + kId + ":2:3", false}, Left{"service:" + kId + "2", false},
                           Left{"service:node1:web", false}, Left{"docker:" + kId + ":2", false},
                           Left{"docker:other", false}, Left{kId, false}, Left{"theirs", false}, Left{"", false}}) {
    ActualService actual = Registered(Web());
    if (!actual.FindCheck(left.check_id)) actual.checks.push_back({.id = left.check_id});
    const Strings expected = left.removed ? Strings{"remove_check " + left.check_id} : Strings{};
    EXPECT_EQ(Steps({.service = Web()}, actual), expected) << left.check_id;
  }
}

TEST(RemovedChecks, GoAfterTheChangeAndTheMarkAndBeforeReports) {
  Service bare = Web();
  bare.checks.erase(bare.checks.begin());
  const ActualService actual = Registered(Web());
  const std::string docker = "docker:" + kId;
  EXPECT_THAT(
      Steps({.service = bare, .maintenance = "registrar: paused", .reports = {{docker, "critical", "no"}}}, actual),
      ElementsAre("change", "maintenance_on", "remove_check service:" + kId, "report " + docker));
  bare.checks.clear();
  EXPECT_THAT(Steps({.service = bare, .reports = {{docker, "critical", "no"}}}, actual),
              ElementsAre("change", "remove_check " + docker, "remove_check service:" + kId))
      << "nothing is reported for a check that goes";
}

TEST(RemovedChecks, AreStillRemovedWhenTheChangeWasTheLastThingDone) {
  Service bare = Web();
  bare.checks.clear();
  const ActualService before = Registered(Web());
  const ActualService killed = AfterRegistration(bare, kOptions.owner, &before);
  EXPECT_THAT(Steps({.service = bare}, killed),
              ElementsAre("remove_check docker:" + kId, "remove_check service:" + kId));
  EXPECT_THAT(Steps({.service = bare, .frozen = true}, killed), IsEmpty());
}

// A real agent runs the old check beside the new one when the same ID is registered with another type.
TEST(RemovedChecks, OfAnotherTypeGoBeforeTheChange) {
  Service tcp = Web();
  tcp.checks[0].http.clear();
  tcp.checks[0].tcp = "192.0.2.10:8080";
  const std::string gone = "remove_check service:" + kId;
  EXPECT_THAT(Steps({.service = Web()}, Registered(tcp)), ElementsAre(gone, "change"));
  Service ttl = tcp;
  ttl.checks[0] = {.check_id = "service:" + kId, .owner = CheckOwner::kHeartbeat, .ttl = "30s", .status = "passing"};
  EXPECT_THAT(Steps({.service = ttl, .reports = {{"service:" + kId, "passing", ""}}}, Registered(tcp)),
              ElementsAre(gone, "change"))
      << "it begins with its first status again";
  Service slower = Web();
  slower.checks[0].interval = "20s";
  EXPECT_THAT(Steps({.service = Web()}, Registered(slower)), ElementsAre("change"));
}

TEST(RemovedChecks, OfAnotherTypeStayWhenNothingIsRegistered) {
  ActualService actual = Registered(Web());
  for (const char* type : {"tcp", ""}) {
    actual.checks[1].type = type;
    EXPECT_THAT(Steps({.service = Web()}, actual), IsEmpty()) << type;
  }
  actual.port = 1;
  EXPECT_THAT(Steps({.service = Web()}, actual), ElementsAre("change")) << "an agent that tells no types";
}

}  // namespace
}  // namespace signpost::registrar
