// Signpost. Apache-2.0; see LICENSE.
// What the State promises: one index per write, counters and topics that follow exactly what changed, look-ups that
// agree with the tables, and writes that can be taken back.
#include "dnsd/registry/model/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/catalog_writes.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = Topic::Kind;

// Puts `row` in a write of its own.
template <typename T>
bool Write(State& state, T row) {
  state.BeginWrite();
  return state.Put(std::move(row));
}

std::vector<std::string> IdsOf(const RowList<ServiceRow>& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row->node + "/" + row->id);
  return ids;
}

// Two nodes with two instances of web and a check each; db on one of them.
State Filled() {
  State state;
  Write(state, TestNode("n2", "10.0.0.2"));
  Write(state, TestNode("n1", "10.0.0.1"));
  Write(state, TestService("n2", "web"));
  Write(state, TestService("n1", "web"));
  Write(state, TestService("n1", "db"));
  state.BeginWrite();
  PutCheck(state, TestCheck("n1", "web-check", "web"));
  state.BeginWrite();
  PutCheck(state, TestCheck("n2", "node-check"));
  state.TakeJournal();
  return state;
}

// --- indexes of writes ----------------------------------------------------------------------------------------------

TEST(State, BeginsWithIndexOneEverywhere) {
  const State state;
  EXPECT_EQ(state.index(), 1U);
  EXPECT_EQ(state.TableIndex(Table::kNodes), 1U);
  EXPECT_EQ(state.ServiceIndex("web"), 1U);
  EXPECT_EQ(state.NodeIndex("n"), 1U);
  EXPECT_EQ(state.KvIndex(""), 1U);
}

TEST(State, AllChangesOfOneWriteHaveOneIndex) {
  State state;
  state.BeginWrite();
  state.Put(TestNode("n"));
  state.Put(TestService("n", "web"));
  EXPECT_EQ(state.index(), 2U);
  EXPECT_EQ(state.FindNode("n")->index.create, 2U);
  EXPECT_EQ(state.FindService("n", "web")->index.modify, 2U);
  EXPECT_TRUE(Write(state, TestNode("m")));
  EXPECT_EQ(state.FindNode("m")->index.create, 3U);
}

TEST(State, AWriteThatChangesNothingUsesNoIndexAndIsNoNews) {
  State state = Filled();
  const uint64_t before = state.index();
  EXPECT_FALSE(Write(state, TestNode("n1", "10.0.0.1")));
  EXPECT_FALSE(Write(state, TestService("n1", "web")));
  EXPECT_FALSE(state.EraseService("n1", "absent"));
  EXPECT_FALSE(state.EraseKv("absent"));
  EXPECT_EQ(state.index(), before);
  const Journal journal = state.TakeJournal();
  EXPECT_THAT(journal.changes, IsEmpty());
  EXPECT_THAT(journal.touched, IsEmpty());
}

TEST(State, TheCreateIndexStaysThroughChanges) {
  State state = Filled();
  const uint64_t created = state.FindNode("n1")->index.create;
  ASSERT_TRUE(Write(state, TestNode("n1", "10.9.9.9")));
  EXPECT_EQ(state.FindNode("n1")->index.create, created);
  EXPECT_EQ(state.FindNode("n1")->index.modify, state.index());
}

TEST(State, LetterCaseOfANameIsContentButNotIdentity) {
  State state = Filled();
  ASSERT_TRUE(Write(state, TestNode("N1", "10.0.0.1")));
  EXPECT_EQ(state.FindNode("n1")->node.name, "N1");
  EXPECT_EQ(state.nodes().size(), 2U);
  ASSERT_TRUE(Write(state, TestService("n1", "WEB", "WEB")));
  EXPECT_EQ(state.FindService("N1", "web")->service, "WEB");
  EXPECT_EQ(state.Instances("web").size(), 2U);
}

// --- look-ups -------------------------------------------------------------------------------------------------------

TEST(State, InstancesComeByNodeAndIdWhateverTheOrderOfWriting) {
  State state = Filled();
  Write(state, TestService("n1", "web", "a-web"));
  Write(state, TestService("n1", "web", "Z-web"));
  EXPECT_THAT(IdsOf(state.Instances("WEB")), ElementsAre("n1/a-web", "n1/web", "n1/Z-web", "n2/web"));
  EXPECT_THAT(IdsOf(state.ServicesOfNode("N1")), ElementsAre("n1/a-web", "n1/db", "n1/web", "n1/Z-web"));
}

TEST(State, ANodeWhoseNameBeginsLikeAnotherKeepsItsRowsApart) {
  State state = Filled();
  Write(state, TestNode("n"));
  Write(state, TestService("n", "own"));
  EXPECT_THAT(IdsOf(state.ServicesOfNode("n")), ElementsAre("n/own"));
}

TEST(State, ChecksOfTheNodeAndOfAnInstanceAreToldApart) {
  State state = Filled();
  EXPECT_EQ(state.ChecksOf("n1", "web").size(), 1U);
  EXPECT_EQ(state.ChecksOf("n1", "").size(), 0U);
  EXPECT_EQ(state.ChecksOf("n2", "").size(), 1U);
  EXPECT_EQ(state.ChecksOfNode("n1").size(), 1U);
  EXPECT_EQ(state.ChecksOfService("Web").size(), 1U);
}

TEST(State, AServiceThatChangesItsNameIsFoundUnderTheNewOneOnly) {
  State state = Filled();
  ASSERT_TRUE(Write(state, TestService("n1", "cache", "db")));
  EXPECT_THAT(state.Instances("db"), IsEmpty());
  EXPECT_THAT(IdsOf(state.Instances("cache")), ElementsAre("n1/db"));
  EXPECT_FALSE(state.service_names().contains("db"));
}

TEST(State, ConnectInstancesAreProxiesForAServiceAndItsNativeInstances) {
  State state = Filled();
  ServiceRow proxy = TestService("n1", "web-proxy");
  proxy.kind = "connect-proxy";
  proxy.proxy_destination = "Web";
  Write(state, proxy);
  ServiceRow native = TestService("n2", "web");
  native.connect_native = true;
  Write(state, native);
  EXPECT_THAT(IdsOf(state.ConnectInstances("web")), ElementsAre("n1/web-proxy", "n2/web"));
  proxy.kind = "";
  Write(state, proxy);
  EXPECT_THAT(IdsOf(state.ConnectInstances("web")), ElementsAre("n2/web"));
}

TEST(State, ANodeIsFoundByItsIdInAnyLetterCase) {
  State state;
  Write(state, TestNode("a", "10.0.0.1", "9F1DE9A5-0000-4000-8000-000000000001"));
  ASSERT_NE(state.FindNodeById("9f1de9a5-0000-4000-8000-000000000001"), nullptr);
  Write(state, TestNode("a", "10.0.0.1", ""));
  EXPECT_EQ(state.FindNodeById("9f1de9a5-0000-4000-8000-000000000001"), nullptr);
}

TEST(State, AnIdThatANodeTookOverStaysItsOwnWhenTheFirstOneGoes) {
  State state;
  const std::string id = "9f1de9a5-0000-4000-8000-000000000001";
  Write(state, TestNode("a", "10.0.0.1", id));
  Write(state, TestNode("b", "10.0.0.2", id));
  state.BeginWrite();
  state.EraseNode("a");
  ASSERT_NE(state.FindNodeById(id), nullptr);
  EXPECT_EQ(state.FindNodeById(id)->node.name, "b");
}

// --- what a change touches ------------------------------------------------------------------------------------------

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

// --- keys -----------------------------------------------------------------------------------------------------------

TEST(State, TheIndexBelowAPrefixIsThatOfItsNewestChangeRemovalsIncluded) {
  State state;
  Write(state, TestKey("a/1"));
  Write(state, TestKey("a/2"));
  Write(state, TestKey("b/1"));
  EXPECT_EQ(state.KvIndex("a/"), 3U);
  EXPECT_EQ(state.KvIndex(""), 4U);
  EXPECT_EQ(state.KvIndex("none"), state.TableIndex(Table::kKv));
  state.BeginWrite();
  state.EraseKv("a/1");
  EXPECT_EQ(state.KvIndex("a/"), 5U);
  EXPECT_EQ(state.KvIndex("b/"), 4U);
  Write(state, TestKey("a/1"));
  EXPECT_EQ(state.KvIndex("a/1"), 6U);
}

TEST(State, ManyRemovalsAreForgottenWithoutAnIndexGoingBack) {
  State state;
  for (int i = 0; i < 17000; ++i) {
    Write(state, TestKey("k" + std::to_string(i)));
    state.BeginWrite();
    state.EraseKv("k" + std::to_string(i));
    if (i % 500 == 0) {
      ASSERT_EQ(state.KvIndex("k"), state.index());
    }
  }
  const uint64_t seen = state.KvIndex("k");
  EXPECT_EQ(seen, state.index());
  EXPECT_GT(state.KvIndex("k1"), 1U);
}

TEST(State, KeysHeldByASessionFollowTheLock) {
  State state;
  Write(state, TestKey("a", "v", "s1"));
  Write(state, TestKey("b", "v", "s1"));
  EXPECT_THAT(state.KeysHeldBy("s1"), ElementsAre("a", "b"));
  Write(state, TestKey("a", "v", "s2"));
  EXPECT_THAT(state.KeysHeldBy("s1"), ElementsAre("b"));
  EXPECT_THAT(state.KeysHeldBy("s2"), ElementsAre("a"));
}

// --- taking back ----------------------------------------------------------------------------------------------------

// Everything that can be asked, for comparing.
std::string Everything(const State& state) {
  std::string text = std::to_string(state.index());
  const auto add = [&text](uint64_t number) { text += " " + std::to_string(number); };
  for (const Table table : {Table::kNodes, Table::kServices, Table::kChecks, Table::kKv, Table::kSessions}) {
    add(state.TableIndex(table));
  }
  for (const char* name : {"web", "db", "new", "never"}) add(state.ServiceIndex(name));
  for (const char* name : {"n1", "n2", "n3"}) add(state.NodeIndex(name));
  for (const char* name : {"", "k", "k/2", "x"}) add(state.KvIndex(name));
  add(state.ConnectIndex("web"));
  const auto rows = [&](const auto& table) {
    for (const auto& [key, row] : table) {
      text += "\n" + key + " " + std::to_string(row->index.create) + " " + std::to_string(row->index.modify);
    }
  };
  rows(state.nodes());
  rows(state.services());
  rows(state.checks());
  rows(state.kv());
  rows(state.sessions());
  for (const auto& [name, keys] : state.service_names()) text += "\n" + name + " " + std::to_string(keys.size());
  for (const auto& id : IdsOf(state.Instances("web"))) text += " " + id;
  return text;
}

void ChangeMuch(State& state) {
  ServiceRow native = TestService("n2", "web");
  native.connect_native = true;
  state.Put(native);
  state.Put(TestNode("n3"));
  state.Put(TestService("n3", "new"));
  RemoveNode(state, "n1");
  state.Put(TestKey("k/1", "changed"));
  state.EraseKv("k/2");
  state.Put(TestKey("x"));
  state.NoteLockDelay("k/1", Millis(1));
}

TEST(State, RollingBackIsAsIfNothingHadBeen) {
  State state = Filled();
  Write(state, TestKey("k/1"));
  Write(state, TestKey("k/2"));
  state.BeginWrite();
  state.Put(TestNode("n2", "10.7.7.7"));
  const std::string before = Everything(state);
  const size_t changes = 3;

  const size_t mark = state.Mark();
  ChangeMuch(state);
  ASSERT_NE(Everything(state), before);
  state.RollBackTo(mark);
  EXPECT_EQ(Everything(state), before);

  const Journal journal = state.TakeJournal();
  EXPECT_EQ(journal.changes.size(), changes);
  EXPECT_THAT(journal.lock_delays, IsEmpty());
  EXPECT_THAT(journal.touched, Not(Contains(Topic{Kind::kNode, "n3"})));
  EXPECT_THAT(journal.touched, Contains(Topic{Kind::kNode, "n2"}));
}

TEST(State, AFirstChangeThatIsRolledBackUsesNoIndex) {
  State state = Filled();
  const uint64_t before = state.index();
  state.BeginWrite();
  const size_t mark = state.Mark();
  state.Put(TestNode("n3"));
  state.RollBackTo(mark);
  EXPECT_EQ(state.index(), before);
  state.Put(TestNode("n4"));
  EXPECT_EQ(state.index(), before + 1);
}

TEST(State, MarksNest) {
  State state;
  state.BeginWrite();
  const size_t outer = state.Mark();
  state.Put(TestNode("a"));
  const size_t inner = state.Mark();
  state.Put(TestNode("b"));
  state.RollBackTo(inner);
  EXPECT_NE(state.FindNode("a"), nullptr);
  EXPECT_EQ(state.FindNode("b"), nullptr);
  state.RollBackTo(outer);
  EXPECT_EQ(state.FindNode("a"), nullptr);
}

TEST(State, WhatTheDiskRefusedIsUndoneAndIsNews) {
  State state = Filled();
  Write(state, TestKey("k/1"));
  Write(state, TestKey("k/2"));
  state.TakeJournal();
  const uint64_t before = state.index();
  const auto kept = state.FindNode("n1");

  state.BeginWrite();
  ChangeMuch(state);
  const uint64_t shown = state.index();
  const Journal failed = state.TakeJournal();
  state.Undo(failed.changes);

  EXPECT_EQ(state.FindNode("n1"), kept);
  EXPECT_EQ(state.FindNode("n3"), nullptr);
  EXPECT_EQ(state.FindKv("k/1")->value, "v");
  EXPECT_NE(state.FindKv("k/2"), nullptr);
  EXPECT_EQ(state.FindKv("x"), nullptr);
  EXPECT_THAT(IdsOf(state.Instances("web")), ElementsAre("n1/web", "n2/web"));
  EXPECT_THAT(state.ConnectInstances("web"), IsEmpty());
  EXPECT_THAT(state.ChecksOf("n1", "web").size(), 1U);
  EXPECT_GT(state.index(), shown);
  EXPECT_GT(state.ServiceIndex("web"), before);
  const Journal undone = state.TakeJournal();
  EXPECT_THAT(undone.changes, IsEmpty());
  EXPECT_THAT(undone.touched, Contains(Topic{Kind::kService, "web"}));
  EXPECT_THAT(undone.touched, Contains(Topic{Kind::kKv, "k/1"}));
}

// --- from storage ---------------------------------------------------------------------------------------------------

TEST(State, LoadedRowsKeepTheirIndexesAndCountingGoesOn) {
  State first = Filled();
  Write(first, TestKey("k"));
  first.BeginWrite();
  first.EraseKv("k");
  std::vector<Row> rows;
  for (const auto& [key, row] : first.nodes()) rows.emplace_back(row);
  for (const auto& [key, row] : first.services()) rows.emplace_back(row);
  for (const auto& [key, row] : first.checks()) rows.emplace_back(row);

  State second;
  second.Load(rows, first.index());
  EXPECT_EQ(second.FindNode("n1"), first.FindNode("n1"));
  EXPECT_THAT(IdsOf(second.Instances("web")), ElementsAre("n1/web", "n2/web"));
  EXPECT_EQ(second.ChecksOfService("web").size(), 1U);
  for (const Table table : {Table::kNodes, Table::kServices, Table::kChecks, Table::kKv, Table::kSessions}) {
    EXPECT_GE(second.TableIndex(table), first.TableIndex(table));
  }
  EXPECT_GE(second.ServiceIndex("web"), first.ServiceIndex("web"));
  EXPECT_GE(second.ServiceIndex("never-was"), first.ServiceIndex("never-was"));
  EXPECT_GE(second.KvIndex("k"), first.KvIndex("k"));
  const Journal journal = second.TakeJournal();
  EXPECT_THAT(journal.changes, IsEmpty());
  EXPECT_THAT(journal.touched, IsEmpty());
  Write(second, TestNode("n1", "10.9.9.9"));
  EXPECT_GT(second.FindNode("n1")->index.modify, first.index());
}

}  // namespace
}  // namespace signpost::registry
