// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/desired_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "registrar/container/inspect.h"
#include "registrar/plan/registration.h"
#include "tests/unit/registrar/reconcile/desired_book_world.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
  MappingOptions moved = NodeMapping();
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
      MappingOptions options = NodeMapping();
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
