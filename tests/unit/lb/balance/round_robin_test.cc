// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/round_robin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace signpost::lb {
namespace {

std::string Turns(const std::vector<Candidate>& candidates, std::vector<int64_t>& current, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += static_cast<char>('a' + candidates[NextInTurn(candidates, current)].member);
  }
  return text;
}

TEST(NextInTurn, IsSmoothAndScaleDoesNotMatter) {
  std::vector<int64_t> current(3);
  EXPECT_EQ(Turns({{0, 5}, {1, 1}, {2, 1}}, current, 7), "aabacaa");
  EXPECT_EQ(current, std::vector<int64_t>(3)) << "a cycle ends where it began";
  EXPECT_EQ(Turns({{0, 1280}, {1, 256}, {2, 256}}, current, 7), "aabacaa");
}

TEST(NextInTurn, LeavesOthersAlone) {
  std::vector<int64_t> current = {7, 0, -7, 0};
  EXPECT_EQ(Turns({{1, 1}, {3, 1}}, current, 4), "bdbd");
  EXPECT_EQ(current, (std::vector<int64_t>{7, 0, -7, 0}));
  EXPECT_EQ(Turns({{2, 9}}, current, 2), "cc") << "one is always next";
}

TEST(RandomTurn, StaysWithinHalfOfTheTotal) {
  Random random(1);
  EXPECT_EQ(RandomTurn(random, 0), 0);
  int64_t least = 0;
  int64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    const int64_t turn = RandomTurn(random, 100);
    least = std::min(least, turn);
    most = std::max(most, turn);
  }
  EXPECT_EQ(least, -50);
  EXPECT_EQ(most, 49);
}

}  // namespace
}  // namespace signpost::lb
