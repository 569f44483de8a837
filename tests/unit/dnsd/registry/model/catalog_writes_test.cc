// Signpost. Apache-2.0; see LICENSE.
// What holds between nodes, services, checks and sessions.
#include "dnsd/registry/model/catalog_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CatalogWrites : public ::testing::Test {
 protected:
  CatalogWrites() {
    state.BeginWrite();
    state.Put(TestNode("n1"));
    state.Put(TestNode("n2"));
    ServiceRow web = TestService("n1", "Web", "web1");
    web.tags = {"a"};
    PutService(state, web);
    PutCheck(state, TestCheck("n1", "web-check", "WEB1"));
    PutCheck(state, TestCheck("n1", "node-check"));
    state.BeginWrite();
    state.TakeJournal();
  }

  State state;
};

TEST_F(CatalogWrites, ACheckCopiesNameAndTagsOfItsService) {
  const auto check = state.FindCheck("n1", "web-check");
  EXPECT_EQ(check->service_name, "Web");
  EXPECT_THAT(check->service_tags, ElementsAre("a"));
}

TEST_F(CatalogWrites, TheCopiesStayUntilTheCheckIsPutAgain) {
  ServiceRow web = *state.FindService("n1", "web1");
  web.tags = {"b"};
  ASSERT_TRUE(PutService(state, web));
  EXPECT_THAT(state.FindCheck("n1", "web-check")->service_tags, ElementsAre("a"));
  ASSERT_TRUE(PutCheckStatus(state, "n1", "web-check", "warning", ""));
  EXPECT_THAT(state.FindCheck("n1", "web-check")->service_tags, ElementsAre("b"));
}

TEST_F(CatalogWrites, NothingStandsWithoutWhatItBelongsTo) {
  EXPECT_FALSE(PutService(state, TestService("absent", "s")));
  EXPECT_FALSE(PutCheck(state, TestCheck("absent", "c")));
  EXPECT_FALSE(PutCheck(state, TestCheck("n1", "c", "absent")));
  EXPECT_FALSE(PutCheck(state, TestCheck("n2", "c", "web1")));
  EXPECT_FALSE(PutCheckStatus(state, "n1", "absent", "passing", ""));
  EXPECT_THAT(state.TakeJournal().changes, IsEmpty());
}

TEST_F(CatalogWrites, TheSameStatusAndOutputIsNoNews) {
  EXPECT_TRUE(PutCheckStatus(state, "n1", "node-check", "passing", "fine"));
  EXPECT_FALSE(PutCheckStatus(state, "n1", "node-check", "passing", "fine"));
}

TEST_F(CatalogWrites, AServiceTakesItsChecksAlongAndLeavesTheRest) {
  EXPECT_TRUE(RemoveService(state, "N1", "WEB1"));
  EXPECT_EQ(state.FindService("n1", "web1"), nullptr);
  EXPECT_EQ(state.FindCheck("n1", "web-check"), nullptr);
  EXPECT_NE(state.FindCheck("n1", "node-check"), nullptr);
  EXPECT_FALSE(RemoveService(state, "n1", "web1"));
}

TEST_F(CatalogWrites, ANodeTakesAllAlong) {
  state.Put(TestSession("s", "n1"));
  state.Put(TestSession("other", "n2"));
  EXPECT_TRUE(RemoveNode(state, "N1"));
  EXPECT_THAT(state.services(), IsEmpty());
  EXPECT_THAT(state.checks(), IsEmpty());
  EXPECT_EQ(state.FindSession("s"), nullptr);
  EXPECT_NE(state.FindSession("other"), nullptr);
  EXPECT_FALSE(RemoveNode(state, "n1"));
}

TEST_F(CatalogWrites, ASessionEndsWithACheckThatItNeeds) {
  struct Case {
    const char* what;
    bool (*end)(State&);
  };
  const Case cases[] = {
      {"critical", [](State& s) { return PutCheckStatus(s, "n1", "node-check", "critical", ""); }},
      {"removed", [](State& s) { return RemoveCheck(s, "n1", "node-check"); }},
      {"put again as critical", [](State& s) { return PutCheck(s, TestCheck("n1", "node-check", "", "critical")); }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    PutCheck(state, TestCheck("n1", "node-check"));
    state.Put(TestSession("needs", "n1", {"node-check"}));
    state.Put(TestSession("does-not", "n1"));
    state.Put(TestSession("other-node", "n2", {"node-check"}));
    EXPECT_TRUE(PutCheckStatus(state, "n1", "node-check", "warning", ""));
    EXPECT_NE(state.FindSession("needs"), nullptr);
    EXPECT_TRUE(each.end(state));
    EXPECT_EQ(state.FindSession("needs"), nullptr);
    EXPECT_NE(state.FindSession("does-not"), nullptr);
    EXPECT_NE(state.FindSession("other-node"), nullptr);
  }
}

}  // namespace
}  // namespace signpost::registry
