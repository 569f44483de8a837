// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/list_guard.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

using Ids = std::set<std::string>;

// Case 97.
TEST(ListGuardTest, MoreThanThreeAndMoreThanHalfAreDoubted) {
  struct Case {
    Ids missing;
    size_t running;
    bool believed;
  };
  const Ids three = {"a", "b", "c"};
  const Ids four = {"a", "b", "c", "d"};
  for (const Case& c :
       {Case{{}, 0, true}, Case{three, 3, true}, Case{four, 8, true}, Case{four, 7, false}, Case{four, 4, false}}) {
    EXPECT_EQ(ListGuard().Believe(c.missing, c.running), c.believed) << c.missing.size() << " of " << c.running;
  }
}

TEST(ListGuardTest, TheSameAgainIsBelieved) {
  ListGuard guard;
  EXPECT_FALSE(guard.Believe({"a", "b", "c", "d", "e"}, 5));
  EXPECT_TRUE(guard.Believe({"b", "c", "d", "e"}, 4)) << "one has come back or died since";
  EXPECT_FALSE(guard.Believe({"b", "c", "d", "e"}, 4)) << "a new doubt begins anew";
}

TEST(ListGuardTest, AnotherGapIsAnotherDoubt) {
  ListGuard guard;
  EXPECT_FALSE(guard.Believe({"a", "b", "c", "d"}, 7));
  EXPECT_FALSE(guard.Believe({"a", "b", "c", "e"}, 7));
  EXPECT_TRUE(guard.Believe({"a", "b", "c", "e"}, 7));
}

TEST(ListGuardTest, AWholeListEndsTheDoubt) {
  ListGuard guard;
  EXPECT_FALSE(guard.Believe({"a", "b", "c", "d"}, 4));
  EXPECT_TRUE(guard.Believe({}, 4));
  EXPECT_FALSE(guard.Believe({"a", "b", "c", "d"}, 4));
}

}  // namespace
}  // namespace signpost::registrar
