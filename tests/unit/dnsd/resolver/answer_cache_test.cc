// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/answer_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "tests/support/dns/allocation_count.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::resolver {
namespace {

constexpr uint64_t kSeed = 42;

std::shared_ptr<const Answer> Make(const std::string& name, size_t body = 100, Variant variant = {}) {
  auto answer = std::make_shared<Answer>();
  answer->question = Ask(name, "A", variant);
  answer->body.resize(body);
  return answer;
}

struct Shelf {
  explicit Shelf(size_t bytes) : cache(bytes, kSeed) {}
  void Put(const std::string& name, size_t body = 100) { cache.Put(Make(name, body), Age::kFresh, 1000); }
  AnswerCache::Entry* Find(const std::string& name, const char* type = "A", Variant variant = {}) {
    const Question question = Ask(name, type, variant);
    return cache.Find(View(question));
  }
  bool Has(const std::string& name) const {
    const Question question = Ask(name, "A");
    return cache.Peek(View(question)) != nullptr;
  }

  AnswerCache cache;
};

TEST(AnswerCacheTest, FindsByNameTypeAndVariant) {
  Shelf shelf(1 << 20);
  shelf.Put("a.example");
  ASSERT_NE(shelf.Find("a.example"), nullptr);
  EXPECT_EQ(shelf.Find("a.example")->until_ms, 1000u);
  EXPECT_EQ(shelf.Find("b.example"), nullptr);
  EXPECT_EQ(shelf.Find("a.example", "AAAA"), nullptr);
  EXPECT_EQ(shelf.Find("a.example", "A", {.dnssec_ok = true}), nullptr);
  EXPECT_EQ(shelf.Find("a.example", "A", {.checking_disabled = true}), nullptr);
  shelf.cache.Put(Make("a.example", 7, {.dnssec_ok = true}), Age::kStale, 5);
  EXPECT_EQ(shelf.Find("a.example", "A", {.dnssec_ok = true})->answer->body.size(), 7u);
  EXPECT_EQ(shelf.Find("a.example", "A", {.dnssec_ok = true})->age, Age::kStale);
  EXPECT_EQ(shelf.Find("a.example")->answer->body.size(), 100u);
  EXPECT_EQ(shelf.cache.size(), 2u);
}

TEST(AnswerCacheTest, CountsItsHits) {
  Shelf shelf(1 << 20);
  shelf.Put("a.example");
  for (uint32_t i = 1; i < 10; ++i) EXPECT_EQ(shelf.Find("a.example")->hits, i);
  const Question question = Ask("a.example", "A");
  EXPECT_EQ(shelf.cache.Peek(View(question))->hits, 9u);
  EXPECT_EQ(shelf.cache.Peek(View(question))->hits, 9u) << "looking on does not count";
  shelf.Put("a.example");
  EXPECT_EQ(shelf.Find("a.example")->hits, 1u) << "since it was put";
}

TEST(AnswerCacheTest, ANewAnswerReplacesTheOld) {
  Shelf shelf(1 << 20);
  shelf.Put("a.example", 100);
  const size_t before = shelf.cache.bytes();
  shelf.Put("a.example", 150);
  EXPECT_EQ(shelf.cache.size(), 1u);
  EXPECT_EQ(shelf.cache.bytes(), before + 50);
  EXPECT_EQ(shelf.Find("a.example")->answer->body.size(), 150u);
}

TEST(AnswerCacheTest, LargeAnswersAreNotKept) {
  Shelf shelf(1 << 20);
  shelf.Put("a.example");
  shelf.Put("b.example", AnswerCache::kMaxEntry);
  EXPECT_FALSE(shelf.Has("b.example"));
  shelf.Put("a.example", AnswerCache::kMaxEntry);
  EXPECT_FALSE(shelf.Has("a.example")) << "what was there is out of date";
  EXPECT_EQ(shelf.cache.evicted(), 0u);
}

TEST(AnswerCacheTest, RemovesOneOrMany) {
  Shelf shelf(1 << 20);
  const size_t empty = shelf.cache.bytes();
  for (int i = 0; i < 100; ++i) shelf.Put("n" + std::to_string(i) + ".example");
  const Question question = Ask("n7.example", "A");
  shelf.cache.Remove(View(question));
  shelf.cache.Remove(View(question));
  EXPECT_EQ(shelf.cache.size(), 99u);
  const auto odd = [](const AnswerCache::Entry& entry) { return entry.answer->question.name[2] % 2 == 1; };
  const size_t removed = shelf.cache.RemoveIf(odd);
  EXPECT_EQ(shelf.cache.size(), 99 - removed);
  EXPECT_TRUE(shelf.Has("n2.example"));
  EXPECT_FALSE(shelf.Has("n3.example"));
  size_t seen = 0;
  shelf.cache.ForEach([&](const AnswerCache::Entry& entry) { seen += odd(entry) ? 1000 : 1; });
  EXPECT_EQ(seen, shelf.cache.size());
  shelf.cache.RemoveIf([](const AnswerCache::Entry&) { return true; });
  EXPECT_EQ(shelf.cache.bytes(), empty);
}

TEST(AnswerCacheTest, StaysWithinItsBytesWhateverIsPut) {
  for (const size_t budget : {size_t{0}, size_t{1000}, size_t{5000}, size_t{64} << 10, size_t{1} << 20}) {
    Shelf shelf(budget);
    const size_t table = shelf.cache.bytes();
    std::mt19937 random(7);  // NOLINT: the same sequence every time
    for (int i = 0; i < 20'000; ++i) {
      const std::string name = "n" + std::to_string(random() % 3000) + ".example";
      switch (random() % 8) {
        case 0: {
          const Question question = Ask(name, "A");
          shelf.cache.Remove(View(question));
          break;
        }
        case 1:
        case 2:
          shelf.Find(name);
          break;
        default:
          shelf.Put(name, random() % (random() % 50 == 0 ? 20'000 : 800));
      }
      ASSERT_LE(shelf.cache.bytes(), std::max(budget, table));
    }
    size_t sum = 0;
    shelf.cache.ForEach([&](const AnswerCache::Entry& entry) { sum += entry.answer->bytes(); });
    EXPECT_LE(sum, shelf.cache.bytes());
    EXPECT_TRUE(budget > 0 || shelf.cache.size() == 0);
    EXPECT_TRUE(budget < 64 << 10 || shelf.cache.bytes() > budget / 2) << "and uses them";
  }
}

// F36: names that nobody asks for twice push out nothing that is asked for again and again.
TEST(AnswerCacheTest, WhatIsUsedSurvivesAScan) {
  Shelf shelf(256 << 10);
  const auto hot = [](int i) { return "hot" + std::to_string(i) + ".example"; };
  for (int i = 0; i < 50; ++i) shelf.Put(hot(i));
  for (int i = 0; i < 50; ++i) {
    shelf.Find(hot(i));
    shelf.Find(hot(i));
  }
  for (int i = 0; i < 20'000; ++i) {
    shelf.Put("random" + std::to_string(i) + ".example");
    shelf.Find("random" + std::to_string(i) + ".example");  // by the query that waited
    if (i % 100 == 0) shelf.Find(hot(i / 100 % 50));
  }
  EXPECT_GT(shelf.cache.evicted(), 15'000u);
  int left = 0;
  for (int i = 0; i < 50; ++i) left += shelf.Has(hot(i)) ? 1 : 0;
  EXPECT_GE(left, 48);
}

TEST(AnswerCacheTest, WhatComesBackSoonIsKept) {
  Shelf shelf(256 << 10);
  const auto fill = [&](int from, int to) {
    for (int i = from; i < to; ++i) shelf.Put("n" + std::to_string(i) + ".example");
  };
  shelf.Put("again.example");
  int put = 0;
  while (shelf.Has("again.example")) fill(put, put + 1), ++put;
  shelf.Put("again.example");  // was remembered: goes to those that stay
  fill(put, put + 300);
  EXPECT_TRUE(shelf.Has("again.example"));
}

TEST(AnswerCacheTest, LookingUpDoesNotAllocate) {
  Shelf shelf(1 << 20);
  shelf.Put("a.example");
  const Question there = Ask("a.example", "A");
  const Question missing = Ask("b.example", "A");
  const size_t before = test::AllocationCount();
  EXPECT_NE(shelf.cache.Find(View(there)), nullptr);
  EXPECT_EQ(shelf.cache.Find(View(missing)), nullptr);
  EXPECT_EQ(test::AllocationCount(), before);
}

}  // namespace
}  // namespace signpost::resolver
