// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace signpost::service_zone {
namespace {

using ::testing::ElementsAre;

using Weights = std::vector<uint32_t>;

constexpr int kDraws = 100000;
// Chi-square at 99.9 % for 1 .. 10 degrees of freedom. Seeds are fixed, so these tests give the same result every time.
constexpr double kLimit[] = {0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59};

double ChiSquare(const std::vector<double>& expected, const std::vector<int>& seen) {
  double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = seen[i] - expected[i] * kDraws;
    sum += difference * difference / (expected[i] * kDraws);
  }
  return sum;
}

// How often each item stood at `place`.
std::vector<int> Count(const Weights& weights, size_t place, size_t want) {
  Drawer drawer(42);
  const WeightSummary summary = Summarize(weights);
  std::vector<int> seen(weights.size());
  for (int i = 0; i < kDraws; ++i) ++seen[drawer.Draw(weights.size(), weights, summary, want)[place]];
  return seen;
}

std::vector<double> FirstPlace(const Weights& weights) {
  double total = 0;
  for (const uint32_t w : weights) total += w;
  std::vector<double> out;
  for (const uint32_t w : weights) out.push_back(w / total);
  return out;
}

// Item j is second when some other item i was first: sum over i of p(i) * w(j) / (total - w(i)).
std::vector<double> SecondPlace(const Weights& weights) {
  const std::vector<double> first = FirstPlace(weights);
  std::vector<double> out(weights.size());
  for (size_t j = 0; j < weights.size(); ++j) {
    for (size_t i = 0; i < weights.size(); ++i) {
      if (i != j) out[j] += first[i] * first[j] / (1 - first[i]);
    }
  }
  return out;
}

TEST(DrawTest, SummarizesWeightsUpToTheFirstZero) {
  const WeightSummary mixed = Summarize(Weights{5, 3, 0, 0});
  EXPECT_EQ(mixed.total, 8U);
  EXPECT_EQ(mixed.positive, 2U);
  EXPECT_FALSE(mixed.equal);
  EXPECT_TRUE(Summarize(Weights{4, 4, 4, 0}).equal);
  EXPECT_EQ(Summarize(Weights{}).positive, 0U);
  EXPECT_EQ(Summarize(Weights{0, 0}).positive, 0U);
}

TEST(DrawTest, SumsDoNotOverflow) {
  const WeightSummary summary = Summarize(Weights(3, 0xffffffffU));
  EXPECT_EQ(summary.total, 3ULL * 0xffffffffU);
}

TEST(DrawTest, FirstPlaceFollowsTheWeights) {
  const Weights weights = {10, 5, 3, 1, 1};
  EXPECT_LT(ChiSquare(FirstPlace(weights), Count(weights, 0, 5)), kLimit[4]);
  EXPECT_LT(ChiSquare(FirstPlace(weights), Count(weights, 0, 1)), kLimit[4]);
}

TEST(DrawTest, SecondPlaceFollowsTheWeightsOfTheRest) {
  const Weights weights = {10, 5, 3, 1, 1};
  EXPECT_LT(ChiSquare(SecondPlace(weights), Count(weights, 1, 5)), kLimit[4]);
  EXPECT_LT(ChiSquare(SecondPlace(weights), Count(weights, 1, 2)), kLimit[4]);
}

TEST(DrawTest, TheTestsWouldSeeAWrongDraw) {
  const Weights weights = {10, 5, 3, 1, 1};
  EXPECT_GT(ChiSquare(FirstPlace({10, 5, 3, 1, 2}), Count(weights, 0, 5)), kLimit[4]);
  EXPECT_GT(ChiSquare(FirstPlace(weights), Count(weights, 1, 5)), kLimit[4]);
}

TEST(DrawTest, EqualWeightsGiveAUniformShuffle) {
  const Weights weights(4, 7);
  Drawer drawer(9);
  const WeightSummary summary = Summarize(weights);
  std::map<std::vector<uint32_t>, int> orders;
  for (int i = 0; i < kDraws; ++i) {
    const auto order = drawer.Draw(weights.size(), weights, summary, 4);
    ++orders[{order.begin(), order.end()}];
  }
  ASSERT_EQ(orders.size(), 24U);
  double chi = 0;
  for (const auto& [order, seen] : orders) {
    const double expected = kDraws / 24.0;
    chi += (seen - expected) * (seen - expected) / expected;
  }
  EXPECT_LT(chi, 49.73);  // 99.9 % for 23 degrees of freedom
}

TEST(DrawTest, EqualWeightsNeedNotBeGiven) {
  const WeightSummary summary = Summarize(Weights(40, 7));
  Drawer drawer(9);
  const auto order = drawer.Draw(40, {}, summary, 40);
  EXPECT_EQ(std::set<uint32_t>(order.begin(), order.end()).size(), 40U);
}

TEST(DrawTest, LargeSetsFollowTheWeightsToo) {
  // Above 32 items the draw is by keys: 8 heavy items and 32 of weight 1, pooled.
  Weights weights(40, 1);
  for (size_t i = 0; i < 8; ++i) weights[i] = static_cast<uint32_t>(10 + i);
  const auto pool = [](const auto& of) {
    auto out = of;
    out.resize(9);
    for (size_t i = 9; i < of.size(); ++i) out[8] += of[i];
    return out;
  };
  EXPECT_LT(ChiSquare(pool(FirstPlace(weights)), pool(Count(weights, 0, 40))), kLimit[8]);
  EXPECT_LT(ChiSquare(pool(SecondPlace(weights)), pool(Count(weights, 1, 40))), kLimit[8]);
  EXPECT_LT(ChiSquare(pool(SecondPlace(weights)), pool(Count(weights, 1, 2))), kLimit[8]);
}

TEST(DrawTest, LargeEqualSetsAreShuffled) {
  const Weights weights(1000, 1);
  Drawer drawer(3);
  std::set<uint32_t> firsts;
  for (int i = 0; i < 1000; ++i) firsts.insert(drawer.Draw(weights.size(), weights, Summarize(weights), 1)[0]);
  EXPECT_GT(firsts.size(), 550U);  // 632 are expected
}

TEST(DrawTest, EachItemComesOnce) {
  Drawer drawer(5);
  for (const size_t n : {0U, 1U, 2U, 5U, 32U, 33U, 100U}) {
    for (const size_t zeros : {0U, 3U}) {
      Weights weights(n + zeros);
      for (size_t i = 0; i < n; ++i) weights[i] = static_cast<uint32_t>(i + 1);
      const auto order = drawer.Draw(weights.size(), weights, Summarize(weights), weights.size());
      EXPECT_EQ(std::set<uint32_t>(order.begin(), order.end()).size(), weights.size());
    }
  }
}

TEST(DrawTest, DrawsNoMoreThanWanted) {
  Drawer drawer(5);
  for (const size_t n : {3U, 40U}) {
    Weights weights(n, 2);
    weights[0] = 3;
    EXPECT_EQ(drawer.Draw(weights.size(), weights, Summarize(weights), 2).size(), 2U);
    EXPECT_EQ(drawer.Draw(weights.size(), weights, Summarize(weights), 0).size(), 0U);
    EXPECT_EQ(drawer.Draw(weights.size(), weights, Summarize(weights), n + 9).size(), n);
  }
}

TEST(DrawTest, ZerosComeLastInUniformOrder) {
  const Weights weights = {2, 1, 0, 0, 0};
  Drawer drawer(7);
  std::vector<int> third(5);
  for (int i = 0; i < kDraws; ++i) {
    const auto order = drawer.Draw(weights.size(), weights, Summarize(weights), 5);
    ASSERT_LT(order[0], 2U);
    ASSERT_LT(order[1], 2U);
    ++third[order[2]];
  }
  EXPECT_LT(ChiSquare({1.0 / 3, 1.0 / 3, 1.0 / 3}, {third[2], third[3], third[4]}), kLimit[2]);
}

TEST(DrawTest, ALoneItemBeforeZerosIsAlwaysFirst) {
  Drawer drawer(7);
  const Weights weights = {65535, 0};
  for (int i = 0; i < 100; ++i)
    EXPECT_THAT(drawer.Draw(weights.size(), weights, Summarize(weights), 2), ElementsAre(0U, 1U));
}

TEST(DrawTest, AllZerosAreShuffled) {
  const Weights weights = {0, 0, 0};
  Drawer drawer(1);
  std::vector<int> first(3);
  for (int i = 0; i < kDraws; ++i) ++first[drawer.Draw(weights.size(), weights, Summarize(weights), 3)[0]];
  EXPECT_LT(ChiSquare({1.0 / 3, 1.0 / 3, 1.0 / 3}, first), kLimit[2]);
}

TEST(DrawTest, InOrderDrawsNothing) {
  Drawer drawer(1);
  EXPECT_THAT(drawer.InOrder(4), ElementsAre(0U, 1U, 2U, 3U));
  EXPECT_THAT(drawer.InOrder(0), ElementsAre());
}

TEST(DrawTest, TheSeedDecides) {
  const Weights weights = {3, 2, 1, 1};
  const auto first_orders = [&](uint64_t seed) {
    Drawer drawer(seed);
    std::vector<uint32_t> out;
    for (int i = 0; i < 20; ++i) out.push_back(drawer.Draw(weights.size(), weights, Summarize(weights), 4)[0]);
    return out;
  };
  EXPECT_EQ(first_orders(1), first_orders(1));
  EXPECT_NE(first_orders(1), first_orders(2));
}

}  // namespace
}  // namespace signpost::service_zone
