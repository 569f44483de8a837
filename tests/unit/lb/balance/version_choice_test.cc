// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/version_choice.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace signpost::lb {
namespace {

std::map<std::string, int> Next(VersionTurns& turns, const VersionSplit& split, int count) {
  std::map<std::string, int> shares;
  for (int i = 0; i < count; ++i) ++shares[split.shares[turns.Next()].version];
  return shares;
}

TEST(VersionByKey, RangesFollowOneAnotherWithTheCanaryFirst) {
  const VersionSplit split = ParseShares("v1:94,v2:5,v3:1").value();  // v3, v2, v1
  const std::pair<uint64_t, size_t> cases[] = {{0, 0},   {99, 0},   {100, 1},    {599, 1},
                                               {600, 2}, {9999, 2}, {10'000, 0}, {20'100, 1}};
  for (const auto& [key, index] : cases) EXPECT_EQ(VersionByKey(split, key), index) << key;
}

TEST(VersionTurns, SharesAreExactAndSmooth) {
  const VersionSplit split = ParseShares("v1:75,v2:25").value();
  VersionTurns turns;
  turns.Update(split, nullptr);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Next(turns, split, 4), (std::map<std::string, int>{{"v1", 3}, {"v2", 1}})) << i;
  }
}

TEST(VersionTurns, ANewShareHoldsAtOnce) {
  VersionTurns turns;
  Random random(5);
  turns.Update(ParseShares("v1:99.99,v2:0.01").value(), &random);
  for (int i = 0; i < 5000; ++i) turns.Next();
  const VersionSplit half = ParseShares("v1:50,v2:50").value();
  turns.Update(half, &random);
  EXPECT_NEAR(Next(turns, half, 100)["v2"], 50, 1);
}

TEST(VersionTurns, SpillsAmongTheUsableInProportion) {
  const VersionSplit split = ParseShares("a:10,b:30,c:60").value();
  VersionTurns turns;
  turns.Update(split, nullptr);
  const std::array<bool, 8> ab = {true, true, false};
  int first = 0;
  for (int i = 0; i < 400; ++i) first += turns.Spill(ab, std::nullopt) == 0U ? 1 : 0;
  EXPECT_EQ(first, 100);
  first = 0;
  for (uint64_t key = 0; key < 4000; ++key) {
    const auto choice = turns.Spill(ab, key);
    EXPECT_EQ(turns.Spill(ab, key), choice) << "a key is a key";
    first += choice == 0U ? 1 : 0;
  }
  EXPECT_NEAR(first, 1000, 120);
  EXPECT_EQ(turns.Spill(std::array<bool, 8>{}, std::nullopt), std::nullopt);
}

TEST(VersionTurns, NothingSpillsToAShareOfZero) {
  VersionTurns turns;
  turns.Update(ParseShares("a:0,b:100").value(), nullptr);
  EXPECT_EQ(turns.Spill(std::array<bool, 8>{true, false}, 1), std::nullopt);
}

}  // namespace
}  // namespace signpost::lb
