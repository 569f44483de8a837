// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/failure_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;

Question About(int i = 0) { return {.name = std::to_string(i), .type = 1}; }

std::shared_ptr<const Answer> FailureOf(const Question& question) {
  auto failure = std::make_shared<Answer>();
  failure->question = question;
  failure->failure = true;
  return failure;
}

struct Memory : FailureMemory {
  uint64_t Fail(const Question& question, uint64_t now_ms) {
    const uint64_t keep = NextKeep(question, now_ms);
    Put(FailureOf(question), now_ms, keep);
    return keep;
  }
};

TEST(FailureMemory, DoublesToThirtySeconds) {
  Memory memory;
  uint64_t now = 100'000;
  std::vector<uint64_t> keeps;
  for (int i = 0; i < 7; ++i) {
    keeps.push_back(memory.Fail(About(), now));
    EXPECT_TRUE(memory.Find(About(), now + keeps.back() - 1));
    EXPECT_FALSE(memory.Find(About(), now + keeps.back()));
    now += keeps.back();
  }
  EXPECT_THAT(keeps, ElementsAre(1000, 2000, 4000, 8000, 16'000, 30'000, 30'000));
}

TEST(FailureMemory, StartsAnew) {
  Memory memory;
  memory.Fail(About(), 100'000);
  memory.Fail(About(), 101'000);
  EXPECT_EQ(memory.NextKeep(About(), 103'000), 4000U);
  EXPECT_EQ(memory.NextKeep(About(), 133'001), 1000U) << "after a while";
  memory.Forget(About());
  EXPECT_EQ(memory.NextKeep(About(), 103'000), 1000U) << "after an answer";
  EXPECT_EQ(memory.size(), 0U);
}

TEST(FailureMemory, SaysWhenStaleIsGivenAtOnce) {
  Memory memory;
  EXPECT_FALSE(memory.StaleAtOnce(About(), 100'000));
  memory.PutSlow(About(), 100'000);
  EXPECT_TRUE(memory.StaleAtOnce(About(), 129'999));
  EXPECT_FALSE(memory.StaleAtOnce(About(), 130'000));
  EXPECT_FALSE(memory.Find(About(), 100'000)) << "slow is no failure";
  EXPECT_EQ(memory.NextKeep(About(), 100'001), 1000U);
}

TEST(FailureMemory, WhatIsFinalIsNotReplacedByStale) {
  Memory memory;
  EXPECT_FALSE(memory.IsFinal(About()));
  memory.PutFinal(FailureOf(About()), 100'000, 5000);
  EXPECT_TRUE(memory.IsFinal(About()));
  EXPECT_TRUE(memory.Find(About(), 104'999));
  EXPECT_FALSE(memory.StaleAtOnce(About(), 100'001));
  memory.Fail(About(), 110'000);
  EXPECT_FALSE(memory.IsFinal(About()));
  EXPECT_TRUE(memory.StaleAtOnce(About(), 110'001));
}

TEST(FailureMemory, IsBounded) {
  Memory memory;
  for (int i = 0; i < static_cast<int>(FailureMemory::kMost); ++i) memory.Fail(About(i), 100'000);
  memory.Fail(About(0), 100'000);  // used lately
  memory.Fail(About(-1), 100'000);
  EXPECT_EQ(memory.size(), FailureMemory::kMost);
  EXPECT_TRUE(memory.Find(About(0), 100'000));
  EXPECT_FALSE(memory.Find(About(1), 100'000));
}

}  // namespace
}  // namespace signpost::resolver
