// Signpost. Apache-2.0; see LICENSE.
// Writes that are taken back: by who made them, and by a disk that refused them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/state.h"
#include "tests/unit/dnsd/registry/model/state_world.h"

namespace signpost::registry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = Topic::Kind;

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

}  // namespace
}  // namespace signpost::registry
