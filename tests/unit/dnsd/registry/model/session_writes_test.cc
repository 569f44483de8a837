// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/session_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class SessionWrites : public ::testing::Test {
 protected:
  SessionWrites() {
    state.Put(TestNode("N1"));
    state.Put(TestNode("n2"));
    state.TakeJournal();
  }
  Strings Sessions() const {
    Strings ids;
    for (const auto& [id, row] : state.sessions()) ids.push_back(id);
    return ids;
  }

  State state;
};

TEST_F(SessionWrites, ItsKeysAreReleasedAndRest) {
  state.Put(TestSession("s1", "N1"));
  KvRow held = TestKey("k", "v", "s1");
  held.lock_index = 3;
  state.Put(held);
  state.Put(TestKey("other", "v"));
  EXPECT_TRUE(DestroySession(state, "s1"));
  EXPECT_EQ(state.FindKv("k")->session, "");
  EXPECT_EQ(state.FindKv("k")->lock_index, 3U);
  EXPECT_THAT(state.TakeJournal().lock_delays, ElementsAre(Pair("k", Millis(15000))));
  EXPECT_THAT(Sessions(), IsEmpty());
  EXPECT_FALSE(DestroySession(state, "s1"));
}

TEST_F(SessionWrites, ItsKeysGoIfItSaysSo) {
  SessionRow session = TestSession("s1", "N1");
  session.behavior = SessionRow::Behavior::kDelete;
  session.lock_delay = Millis(0);
  state.Put(session);
  state.Put(TestKey("k", "v", "s1"));
  state.Put(TestKey("other", "v"));
  EXPECT_TRUE(DestroySession(state, "s1"));
  EXPECT_FALSE(state.FindKv("k"));
  EXPECT_TRUE(state.FindKv("other"));
  EXPECT_THAT(state.TakeJournal().lock_delays, IsEmpty()) << "no delay was wished";
}

TEST_F(SessionWrites, ItsQueriesGoWithIt) {
  state.Put(TestSession("s1", "N1"));
  QueryRow bound;
  bound.id = "q1";
  bound.session = "s1";
  state.Put(bound);
  QueryRow free;
  free.id = "q2";
  state.Put(free);
  DestroySession(state, "s1");
  EXPECT_FALSE(state.FindQuery("q1"));
  EXPECT_TRUE(state.FindQuery("q2"));
}

TEST_F(SessionWrites, ACheckEndsThoseThatNeedItOnItsNode) {
  state.Put(TestSession("by-node-check", "n1", {"Alive"}));
  SessionRow old_way = TestSession("by-check", "n1");
  old_way.checks = {"alive"};
  state.Put(old_way);
  SessionRow of_service = TestSession("by-service-check", "n1");
  of_service.service_checks = {{"alive", ""}};
  state.Put(of_service);
  state.Put(TestSession("needs-another", "n1", {"other"}));
  state.Put(TestSession("on-another-node", "n2", {"alive"}));
  EndSessionsOfCheck(state, "N1", "alive");
  EXPECT_THAT(Sessions(), ElementsAre("needs-another", "on-another-node"));
}

TEST_F(SessionWrites, ANodeEndsItsOwn) {
  state.Put(TestSession("a", "n1"));
  state.Put(TestSession("b", "n2"));
  EndSessionsOfNode(state, "N1");
  EXPECT_THAT(Sessions(), ElementsAre("b"));
}

}  // namespace
}  // namespace signpost::registry
