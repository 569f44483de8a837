// Signpost. Apache-2.0; see LICENSE.
// What the State promises: one index per write, counters that follow exactly what changed, and look-ups that agree with
// the tables. What a write touches and taking it back have tests of their own.
#include "dnsd/registry/model/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dnsd/registry/model/state_world.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
