// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/read_cache.h"

#include <gtest/gtest.h>

namespace signpost::registry {
namespace {

TEST(ReadCacheTest, KeepsAnAnswerWhileTheIndexStays) {
  ReadCache cache;
  EXPECT_EQ(cache.Find(5, "a"), nullptr);
  Answer answer = JsonAnswer("[1]");
  answer.index = 4;
  const auto body = cache.Put(5, "a", std::move(answer)).body;
  EXPECT_EQ(body->text(), "[1]");
  ASSERT_NE(cache.Find(5, "a"), nullptr);
  EXPECT_EQ(cache.Find(5, "a")->body, body);
  EXPECT_EQ(cache.Find(5, "a")->answer.index, 4U);
  EXPECT_EQ(cache.Find(5, "b"), nullptr);
  EXPECT_EQ(cache.Find(6, "a"), nullptr);
  EXPECT_EQ(cache.Find(5, "a"), nullptr) << "forgotten for good";
  EXPECT_EQ(body->text(), "[1]") << "whoever sends it still has it";
}

TEST(ReadCacheTest, IsBounded) {
  ReadCache cache;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(cache.Put(1, std::to_string(i), JsonAnswer("x" + std::to_string(i))).body->text(),
              "x" + std::to_string(i));
  }
  int kept = 0;
  for (int i = 0; i < 1000; ++i) kept += cache.Find(1, std::to_string(i)) != nullptr ? 1 : 0;
  EXPECT_EQ(kept, 256);
  const std::string large(9 << 20, 'x');
  cache.Put(2, "one", JsonAnswer(large));
  EXPECT_EQ(cache.Put(2, "two", JsonAnswer(large)).body->text().size(), large.size());
  EXPECT_NE(cache.Find(2, "one"), nullptr);
  EXPECT_EQ(cache.Find(2, "two"), nullptr);
}

}  // namespace
}  // namespace signpost::registry
