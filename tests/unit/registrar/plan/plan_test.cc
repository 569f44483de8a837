// Signpost. Apache-2.0; see LICENSE.
// Who may be touched, and what is written for one service and for all (cases 89 to 93, 104, 111 as far as they are
// decisions).
#include "registrar/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "registrar/plan/registration.h"
#include "tests/unit/registrar/plan/plan_cases.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "change node1:web.1:80: port 8080 instead of 80"
Strings Lines(const std::vector<Action>& actions) {
  Strings lines;
  for (const Action& action : actions) {
    lines.push_back(std::string(ActionKindName(action.kind)) + " " + action.service_id + ": " + action.reason);
  }
  return lines;
}

DesiredService Desired(Service service = Web()) { return {.service = std::move(service)}; }

ActualService Without(std::string_view key, ActualService actual) {
  std::erase_if(actual.meta, [&](const auto& pair) { return pair.first == key; });
  return actual;
}

Strings PlanOf(const DesiredService* desired, const ActualService* actual, const PlanOptions& options = kOptions) {
  const ServicePlan plan = PlanService(desired, actual, options);
  EXPECT_EQ(plan.conflict, "");
  return Lines(plan.actions);
}

TEST(PlanService, NothingIsWrittenWhenNothingDiffers) {
  const DesiredService desired = Desired();
  const ActualService actual = Registered(Web());
  EXPECT_THAT(PlanOf(&desired, &actual), IsEmpty());
}

TEST(PlanService, ARealAgentsReplyToEveryKindOfCheckNeedsNothing) {
  for (const char* name : {"registered", "drained"}) {
    const auto actual = ReadAgentServices(AgentReplyText(name + std::string(".services")),
                                          AgentReplyText(name + std::string(".checks")));
    ASSERT_TRUE(actual.ok());
    DesiredServices desired = AllKinds();
    desired.at("node1:web.1:80").maintenance = "registrar: stopping";
    if (name == std::string("registered")) desired.at("node1:web.1:80").maintenance.clear();
    const Plan plan = MakePlan(desired, actual.value(), kOptions);
    EXPECT_THAT(Lines(plan.actions), IsEmpty()) << name;
    EXPECT_THAT(plan.conflicts, IsEmpty()) << name;
  }
}

TEST(PlanService, AddsChangesAndRemoves) {
  const DesiredService desired = Desired();
  ActualService moved = Registered(Web());
  moved.port = 80;
  EXPECT_THAT(PlanOf(&desired, nullptr), ElementsAre("add node1:web.1:80: it was not registered"));
  EXPECT_THAT(PlanOf(&desired, &moved), ElementsAre("change node1:web.1:80: port 8080 instead of 80"));
  EXPECT_THAT(PlanOf(nullptr, &moved), ElementsAre("remove node1:web.1:80: container is gone"));
  PlanOptions keeping = kOptions;
  keeping.keep_unknown = true;
  EXPECT_THAT(PlanOf(nullptr, &moved, keeping), IsEmpty());
}

TEST(PlanService, AChangedOrMissingCheckIsAPlainRegistration) {
  Service slower = Web();
  slower.checks[0].interval = "20s";
  const DesiredService desired = Desired();
  ActualService actual = Registered(slower);
  EXPECT_THAT(PlanOf(&desired, &actual), ElementsAre("change node1:web.1:80: checks differ"));
  actual = Registered(Web());
  actual.checks.pop_back();
  EXPECT_THAT(PlanOf(&desired, &actual), ElementsAre("change node1:web.1:80: check service:node1:web.1:80 is missing"));
}

TEST(PlanService, AChangeKeepsTheTagsWhileTagOverrideIsOnInBoth) {
  Service service = Web();
  service.enable_tag_override = true;
  const DesiredService desired = Desired(service);
  ActualService actual = Registered(service);
  actual.tags = {"theirs"};
  EXPECT_THAT(PlanOf(&desired, &actual), IsEmpty());
  actual.port = 80;
  const auto actions = PlanService(&desired, &actual, kOptions).actions;
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_EQ(actions[0].reason, "port 8080 instead of 80");
  EXPECT_EQ(actions[0].keep_tags, Strings{"theirs"});
  actual.enable_tag_override = false;
  EXPECT_FALSE(PlanService(&desired, &actual, kOptions).actions.at(0).keep_tags);
  const DesiredService plain = Desired();
  actual.enable_tag_override = true;
  EXPECT_FALSE(PlanService(&plain, &actual, kOptions).actions.at(0).keep_tags);
}

TEST(PlanService, Case91StrangersAndOtherOwnersAreAConflictAndNeverTouched) {
  const ActualService other = AfterRegistration(Web(), "owner-2", nullptr);
  const ActualService stranger = Without(kOwnerKey, Registered(Web()));
  const DesiredService desired = Desired();
  for (const ActualService& actual : {other, stranger}) {
    const ServicePlan plan = PlanService(&desired, &actual, kOptions);
    EXPECT_THAT(plan.actions, IsEmpty());
    EXPECT_THAT(plan.conflict, HasSubstr("node1:web.1:80 is taken by"));
    EXPECT_THAT(PlanOf(nullptr, &actual), IsEmpty());
  }
  EXPECT_THAT(PlanService(&desired, &other, kOptions).conflict, HasSubstr("another registrar, owner-2"));
}

TEST(PlanService, WithoutAnOwnerNothingIsMine) {
  const ActualService unnamed = AfterRegistration(Web(), "", nullptr);
  EXPECT_FALSE(IsMine(unnamed, {}));
  EXPECT_TRUE(IsMine(Registered(Web()), kOptions));
}

TEST(PlanService, Case93LeftoversOfThePrefixAreTakenOverOrRemoved) {
  PlanOptions adopting = kOptions;
  adopting.adopt_prefix = "node1:";
  ActualService leftover{.id = "node1:web.1:80", .name = "web", .address = "192.0.2.10", .port = 80};
  const DesiredService desired = Desired();
  const Strings plan = PlanOf(&desired, &leftover, adopting);
  EXPECT_THAT(plan, ElementsAre(HasSubstr("change node1:web.1:80: taken over: port 8080 instead of 80")));
  EXPECT_THAT(PlanOf(nullptr, &leftover, adopting),
              ElementsAre("remove node1:web.1:80: left over: no container has it"));
  EXPECT_THAT(PlanOf(nullptr, &leftover), IsEmpty());
}

struct Shape {
  const char* id;
  bool adopted;
};

TEST(PlanService, AdoptionTakesTheGeneratedShapeOnly) {
  PlanOptions adopting = kOptions;
  adopting.adopt_prefix = "node1:";
  for (const Shape& shape :
       {Shape{"node1:web.1:80", true}, Shape{"node1:w_b-2:53:udp", true}, Shape{"node1:web:9:sctp", true},
        Shape{"node2:web:80", false}, Shape{"node1:w:80", false}, Shape{"node1:web", false},
        Shape{"node1:web:http", false}, Shape{"node1:web:80:grpc", false}, Shape{"node1:web:80:udp:x", false},
        Shape{"node1:-web:80", false}, Shape{"node1:web:", false}, Shape{"node1:web:123456", false},
        Shape{"web", false}, Shape{"node1:", false}}) {
    EXPECT_EQ(IsMine({.id = shape.id}, adopting), shape.adopted) << shape.id;
  }
  EXPECT_FALSE(IsMine({.id = "node1:web:80", .meta = {{std::string(kOwnerKey), "owner-2"}}}, adopting));
}

TEST(PlanService, FrozenStaysAsItIsAndDoesNotComeBack) {
  DesiredService desired = Desired();
  desired.frozen = true;
  ActualService actual = Registered(Web());
  actual.port = 1;
  actual.maintenance = true;
  actual.maintenance_reason = "registrar: stopping";
  EXPECT_THAT(PlanOf(&desired, nullptr), IsEmpty());
  EXPECT_THAT(PlanOf(&desired, &actual), IsEmpty());
  desired.reports = {{"docker:node1:web.1:80", "critical", "exited with 3"}};
  EXPECT_THAT(PlanOf(&desired, &actual), ElementsAre("report node1:web.1:80: critical instead of passing"));
}

TEST(MakePlan, AddsAndChangesBeforeItRemoves) {
  Service older = Web();
  older.id = "node1:a.0:80";
  Service moved = Web();
  moved.port = 1;
  Service foreign = Web();
  foreign.id = "foreign";
  Service fresh = Web();
  fresh.id = "node1:z:80";
  ActualServices actual;
  actual[older.id] = Registered(older);
  actual[moved.id] = Registered(moved);
  actual["foreign"] = AfterRegistration(foreign, "owner-2", nullptr);
  DesiredServices desired;
  for (const Service& service : {Web(), foreign, fresh}) desired[service.id].service = service;
  const Plan plan = MakePlan(desired, actual, kOptions);
  EXPECT_THAT(Lines(plan.actions),
              ElementsAre("change node1:web.1:80: port 8080 instead of 1", "add node1:z:80: it was not registered",
                          "remove node1:a.0:80: container is gone"));
  EXPECT_THAT(plan.conflicts, ElementsAre(HasSubstr("service ID foreign is taken")));
}

TEST(ActionKind, HasNames) {
  Strings names;
  for (size_t i = 0; i < kActionKinds; ++i) names.emplace_back(ActionKindName(static_cast<ActionKind>(i)));
  EXPECT_THAT(names,
              ElementsAre("add", "change", "remove", "maintenance_on", "maintenance_off", "report", "remove_check"));
}

}  // namespace
}  // namespace signpost::registrar
