// Signpost. Apache-2.0; see LICENSE.
// Checks in the State: their output that is no news, the name they keep, and the keys that rows are found by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/state.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using namespace std::string_literals;
using ::testing::Contains;
using ::testing::IsEmpty;
using Kind = Topic::Kind;

// A node n1 with a service web and a check c1 of it.
class StateChecks : public ::testing::Test {
 protected:
  StateChecks() {
    state.Put(TestNode("n1"));
    state.Put(TestService("n1", "web"));
    PutCheck(state, TestCheck("n1", "c1", "web"));
    state.TakeJournal();
    state.BeginWrite();
  }

  State state;
};

TEST_F(StateChecks, AQuietOutputIsSeenByEveryLookUpAndIsNoNews) {
  const uint64_t index = state.index();
  const uint64_t generation = state.generation();
  state.SetOutput(PartKey("N1", "C1"), "new");
  ASSERT_EQ(state.ChecksOf("n1", "web").size(), 1U);
  EXPECT_EQ(state.ChecksOf("n1", "web").front()->output, "new");
  ASSERT_EQ(state.ChecksOfService("web").size(), 1U);
  EXPECT_EQ(state.ChecksOfService("web").front()->output, "new");
  ASSERT_EQ(state.ChecksOfNode("n1").size(), 1U);
  EXPECT_EQ(state.ChecksOfNode("n1").front()->output, "new");
  EXPECT_EQ(state.FindCheck("n1", "c1")->output, "new");
  EXPECT_EQ(state.index(), index);
  EXPECT_EQ(state.FindCheck("n1", "c1")->index.modify, index);
  EXPECT_GT(state.generation(), generation) << "answers made before are old";
  const Journal journal = state.TakeJournal();
  EXPECT_THAT(journal.changes, IsEmpty());
  EXPECT_THAT(journal.touched, IsEmpty());
}

TEST_F(StateChecks, ACheckOfARenamedServiceTouchesTheNameThatItKeeps) {
  state.Put(TestService("n1", "shop", "web"));
  state.TakeJournal();
  ASSERT_EQ(state.ChecksOfService("web").size(), 1U);
  state.BeginWrite();
  CheckRow check = *state.FindCheck("n1", "c1");
  check.status = kCritical;
  state.Put(check);
  const auto touched = state.TakeJournal().touched;
  EXPECT_THAT(touched, Contains(Topic{Kind::kService, "web"}));
  EXPECT_THAT(touched, Contains(Topic{Kind::kService, "shop"}));
}

TEST_F(StateChecks, NamesWithNulBytesAreDifferentRows) {
  state.Put(TestNode("a"));
  state.Put(TestNode("a\0b"s));
  state.Put(TestService("a", "first", "b\0c"s));
  state.Put(TestService("a\0b"s, "second", "c"));
  ASSERT_TRUE(state.FindService("a", "b\0c"s));
  EXPECT_EQ(state.FindService("a", "b\0c"s)->service, "first");
  ASSERT_TRUE(state.FindService("a\0b"s, "c"));
  EXPECT_EQ(state.FindService("a\0b"s, "c")->service, "second");
  EXPECT_EQ(state.ServicesOfNode("a").size(), 1U);
  EXPECT_EQ(state.ServicesOfNode("a\0b"s).size(), 1U);
}

TEST(PartKey, DiffersWhereANodeOrAnIdDoes) {
  const std::vector<std::string> names = {"", "a", "\0"s, "\1"s, "\2"s, "\1\1"s, "\1\2"s, "a\0b"s, "\0\1"s};
  std::set<std::string> keys;
  for (const auto& node : names) {
    for (const auto& id : names) keys.insert(PartKey(node, id));
  }
  EXPECT_EQ(keys.size(), names.size() * names.size());
  EXPECT_EQ(PartKey("N1", "Web"), "n1\0web"s);
}

}  // namespace
}  // namespace signpost::registry
