// Signpost. Apache-2.0; see LICENSE.
// What a change touches: the topics that are news and the indexes that readers wait for, a service's end included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/state.h"
#include "tests/unit/dnsd/registry/model/state_world.h"

namespace signpost::registry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using Kind = Topic::Kind;

TEST(State, AnInstanceTouchesItsServiceAndItsNode) {
  State state = Filled();
  Write(state, TestService("n1", "Web", "web2"));
  const Journal journal = state.TakeJournal();
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kServices, ""}));
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kService, "web"}));
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kNode, "n1"}));
  EXPECT_THAT(journal.touched, Not(Contains(Topic{Kind::kService, "db"})));
  EXPECT_THAT(journal.touched, Not(Contains(Topic{Kind::kNodes, ""})));
  EXPECT_THAT(journal.touched, Not(Contains(Topic{Kind::kChecks, ""})));
}

TEST(State, AServiceThatIsRenamedTouchesBothNames) {
  State state = Filled();
  Write(state, TestService("n1", "cache", "db"));
  const Journal journal = state.TakeJournal();
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kService, "db"}));
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kService, "cache"}));
}

TEST(State, ANodeTouchesAllItsServicesAndNoOthers) {
  State state = Filled();
  const uint64_t before = state.index();
  Write(state, TestNode("n1", "10.9.9.9"));
  const Journal journal = state.TakeJournal();
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kService, "web"}));
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kService, "db"}));
  EXPECT_EQ(state.ServiceIndex("db"), before + 1);
  EXPECT_LE(state.TableIndex(Table::kServices), before);
  Write(state, TestNode("n2", "10.9.9.8"));
  EXPECT_EQ(state.ServiceIndex("db"), before + 1);
}

TEST(State, ACheckOfTheNodeTouchesAllItsServicesAndACheckOfAnInstanceOnlyThat) {
  State state = Filled();
  const uint64_t before = state.index();
  Write(state, TestCheck("n1", "web-check", "web", "critical"));
  EXPECT_EQ(state.ServiceIndex("web"), before + 1);
  EXPECT_LE(state.ServiceIndex("db"), before);
  Write(state, TestCheck("n1", "other"));
  EXPECT_EQ(state.ServiceIndex("db"), before + 2);
  EXPECT_EQ(state.TableIndex(Table::kChecks), before + 2);
  EXPECT_LE(state.TableIndex(Table::kServices), before);
}

TEST(State, AnotherKindOfRowTouchesNothingOfTheCatalog) {
  State state = Filled();
  const uint64_t services = state.ServiceIndex("web");
  Write(state, TestKey("k"));
  Write(state, TestSession("s", "n1"));
  EXPECT_EQ(state.ServiceIndex("web"), services);
  EXPECT_THAT(state.TakeJournal().touched, ElementsAre(Topic{Kind::kKv, "k"}, Topic{Kind::kSessions, ""}));
}

TEST(State, AProxyTouchesTheServiceThatItStandsFor) {
  State state = Filled();
  ServiceRow proxy = TestService("n1", "web-proxy");
  proxy.kind = "connect-proxy";
  proxy.proxy_destination = "Web";
  Write(state, proxy);
  EXPECT_THAT(state.TakeJournal().touched, Contains(Topic{Kind::kConnect, "web"}));
  EXPECT_EQ(state.ConnectIndex("WEB"), state.index());
}

// --- a service's last instance --------------------------------------------------------------------------------------

TEST(State, AServiceThatLostItsLastInstanceHasTheIndexOfThat) {
  State state = Filled();
  state.BeginWrite();
  state.EraseService("n1", "db");
  const uint64_t extinct = state.index();
  EXPECT_EQ(state.ServiceIndex("db"), extinct);
  Write(state, TestNode("n3"));
  EXPECT_EQ(state.ServiceIndex("db"), extinct);
  EXPECT_EQ(state.ServiceIndex("never-was"), extinct);
  Write(state, TestService("n1", "db"));
  EXPECT_EQ(state.ServiceIndex("db"), state.index());
}

TEST(State, AServiceThatKeepsAnInstanceIsNotExtinct) {
  State state = Filled();
  state.BeginWrite();
  state.EraseService("n2", "web");
  EXPECT_EQ(state.ServiceIndex("web"), state.index());
  Write(state, TestNode("n3"));
  EXPECT_EQ(state.ServiceIndex("never-was"), state.index());
}

TEST(State, AnUnknownServiceHasTheIndexOfTheTablesAsLongAsNoneWasExtinct) {
  State state = Filled();
  EXPECT_EQ(state.ServiceIndex("never-was"), state.index());
  Write(state, TestKey("k"));
  EXPECT_EQ(state.ServiceIndex("never-was"), state.index() - 1);
}

TEST(State, ANodeThatIsGoneKeepsTheIndexOfItsEnd) {
  State state = Filled();
  state.BeginWrite();
  RemoveNode(state, "n1");
  EXPECT_EQ(state.NodeIndex("N1"), state.index());
  EXPECT_EQ(state.NodeIndex("never-was"), 1U);
}

}  // namespace
}  // namespace signpost::registry
