// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/session_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/registry/engine/held_parts.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The loop's timers follow the kernel's clock, the lives of sessions the test's; so times are short, and each test says
// when they are over.
class SessionKeeperTest : public ::testing::Test {
 protected:
  static SessionRow Session(const std::string& id, const std::string& ttl) {
    SessionRow row = TestSession(id, "n1");
    row.ttl = ttl;
    return row;
  }
  void Wait(Millis time) { clock.now += time; }

  net::Loop loop;
  StillClock clock;
  Strings expired;
  SessionKeeper keeper{loop, clock, [this](const std::string& id) { expired.push_back(id); }};
};

TEST_F(SessionKeeperTest, ASessionHasTwiceItsTtl) {
  keeper.Track(Session("a", "10ms"));
  Wait(Millis(19));
  test::RunTurns(loop, 40);
  EXPECT_THAT(expired, IsEmpty());
  Wait(Millis(1));
  EXPECT_TRUE(test::RunUntil(loop, [this] { return !expired.empty(); }));
  EXPECT_THAT(expired, ElementsAre("a"));
  EXPECT_FALSE(keeper.Renew("a")) << "it is forgotten";
}

TEST_F(SessionKeeperTest, RenewingBeginsAnew) {
  keeper.Track(Session("a", "10ms"));
  Wait(Millis(15));
  EXPECT_TRUE(keeper.Renew("a"));
  Wait(Millis(19));
  test::RunTurns(loop, 40);
  EXPECT_THAT(expired, IsEmpty());
  Wait(Millis(1));
  EXPECT_TRUE(test::RunUntil(loop, [this] { return !expired.empty(); }));
}

TEST_F(SessionKeeperTest, EachInItsTurn) {
  keeper.Track(Session("late", "20ms"));
  keeper.Track(Session("soon", "+5ms"));
  keeper.Track(Session("never", ""));
  keeper.Track(Session("also-never", "0s"));
  keeper.Track(Session("gone", "1ms"));
  keeper.Forget("gone");
  Wait(Millis(10));
  EXPECT_TRUE(test::RunUntil(loop, [this] { return !expired.empty(); }));
  EXPECT_THAT(expired, ElementsAre("soon"));
  Wait(Millis(100000));
  EXPECT_TRUE(test::RunUntil(loop, [this] { return expired.size() > 1; }));
  EXPECT_THAT(expired, ElementsAre("soon", "late"));
  EXPECT_FALSE(keeper.Renew("never"));
}

TEST_F(SessionKeeperTest, ASessionWithoutItsTtlLivesOn) {
  keeper.Track(Session("a", "1ms"));
  keeper.Track(Session("a", ""));
  Wait(Millis(1000));
  test::RunTurns(loop, 20);
  EXPECT_THAT(expired, IsEmpty());
}

TEST_F(SessionKeeperTest, KeysRestForTheirTime) {
  EXPECT_EQ(keeper.LockDelay("k"), Millis(0));
  keeper.NoteLockDelay("k", Millis(15));
  EXPECT_EQ(keeper.LockDelay("k"), Millis(15));
  EXPECT_EQ(keeper.LockDelay("other"), Millis(0));
  Wait(Millis(14));
  EXPECT_EQ(keeper.LockDelay("k"), Millis(1));
  Wait(Millis(1));
  EXPECT_EQ(keeper.LockDelay("k"), Millis(0));
  Wait(Millis(1000));
  keeper.NoteLockDelay("other", Millis(5));
  EXPECT_EQ(keeper.LockDelay("k"), Millis(0));
  EXPECT_EQ(keeper.LockDelay("other"), Millis(5));
}

}  // namespace
}  // namespace signpost::registry
