// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/known_containers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace signpost::registrar {
namespace {

using Scope = KnownContainers::Scope;

ListEntry Runs(const std::string& id, const std::string& fingerprint = "up") { return {id, fingerprint, true}; }
ListEntry Stopped(const std::string& id, const std::string& fingerprint = "down") { return {id, fingerprint, false}; }

class KnownContainersTest : public ::testing::Test {
 protected:
  std::string Apply(const std::vector<ListEntry>& list, Scope scope = Scope::kChanged) {
    std::string ids;
    for (const std::string& id : known_.Apply(list, scope)) ids += id;
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  void Inspected(const std::string& id, bool running) {
    Container container;
    container.id = id;
    container.running = running;
    known_.OnInspected(container);
  }
  bool On(EventKind kind, const std::string& id) { return known_.OnEvent({.kind = kind, .container_id = id}); }

  KnownContainers known_;
};

TEST_F(KnownContainersTest, TheRunningAreInspectedOnceUntilTheyLookDifferent) {
  EXPECT_EQ(Apply({Runs("a"), Stopped("b"), Runs("a")}), "a");
  EXPECT_EQ(Apply({Runs("a"), Stopped("b")}), "");
  EXPECT_EQ(Apply({Runs("a", "new"), Stopped("b", "new")}), "a");
  EXPECT_EQ(Apply({Runs("a", "new"), Stopped("b", "new")}, Scope::kAll), "a");
}

TEST_F(KnownContainersTest, OneThatStoppedIsInspectedForItsExitCode) {
  Apply({Runs("a")});
  EXPECT_EQ(Apply({Stopped("a")}), "a");
  EXPECT_EQ(Apply({Stopped("a")}, Scope::kAll), "");
}

TEST_F(KnownContainersTest, OneThatWasInspectedStoppedIsInspectedWhenItChanges) {
  Apply({Stopped("a")});
  Inspected("a", false);
  EXPECT_EQ(Apply({Stopped("a")}), "");
  EXPECT_EQ(Apply({Stopped("a", "renamed")}), "a");
}

TEST_F(KnownContainersTest, TheAbsentAreInspectedIfAnybodyKnowsThem) {
  Apply({Runs("a"), Stopped("b"), Stopped("c")});
  Inspected("c", false);
  EXPECT_EQ(Apply({}), "ac");
  EXPECT_EQ(Apply({}), "ac") << "until an inspect has told";
  EXPECT_FALSE(known_.Has("b"));
  known_.Forget("a");
  known_.Forget("c");
  EXPECT_EQ(Apply({}), "");
}

TEST_F(KnownContainersTest, MissingAreThoseThatDidNotTellTheirEnd) {
  Apply({Runs("a"), Runs("b"), Runs("c"), Stopped("d")});
  EXPECT_EQ(known_.running(), 3U);
  EXPECT_TRUE(On(EventKind::kDie, "a"));
  EXPECT_TRUE(On(EventKind::kDestroy, "d"));
  EXPECT_EQ(known_.MissingFrom({Stopped("c")}), std::set<std::string>{"b"});
  EXPECT_EQ(known_.running(), 2U);
}

TEST_F(KnownContainersTest, WhichEventsAskForAnInspect) {
  Apply({Runs("up"), Stopped("down")});
  struct Case {
    EventKind kind;
    bool up, down, unknown;
  };
  for (const Case& c : {Case{EventKind::kNetwork, true, false, false}, Case{EventKind::kKill, false, true, true},
                        Case{EventKind::kOther, false, false, false}, Case{EventKind::kHealth, true, true, true},
                        Case{EventKind::kRename, true, true, true}, Case{EventKind::kStart, true, true, true}}) {
    EXPECT_EQ(On(c.kind, "up"), c.up) << EventKindName(c.kind);
    EXPECT_EQ(On(c.kind, "down"), c.down) << EventKindName(c.kind);
    EXPECT_EQ(On(c.kind, "unknown"), c.unknown) << EventKindName(c.kind);
    EXPECT_FALSE(On(c.kind, "")) << EventKindName(c.kind);
  }
  EXPECT_TRUE(On(EventKind::kNetwork, "down")) << "it has started";
}

TEST_F(KnownContainersTest, InspectedOrNot) {
  Apply({Runs("a")});
  EXPECT_FALSE(known_.WasInspected("a"));
  Inspected("a", true);
  EXPECT_TRUE(known_.WasInspected("a"));
  EXPECT_FALSE(known_.WasInspected("b"));
}

}  // namespace
}  // namespace signpost::registrar
