// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "common/base/random.h"

namespace signpost::service_zone {
namespace {

TEST(KeyTableTest, FindsWhatWasMade) {
  KeyTable<int> table;
  EXPECT_EQ(table.Find("a"), nullptr);
  table.At("a") = 1;
  table.At("b") = 2;
  EXPECT_EQ(table.size(), 2U);
  ASSERT_NE(table.Find("a"), nullptr);
  EXPECT_EQ(*table.Find("a"), 1);
  EXPECT_EQ(table.At("a"), 1);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.Find(""), nullptr);
}

TEST(KeyTableTest, KeysMayHoldAnyByte) {
  KeyTable<int> table;
  table.At(std::string("a\0b", 3)) = 1;
  table.At("a") = 2;
  EXPECT_EQ(*table.Find(std::string_view("a\0b", 3)), 1);
  EXPECT_EQ(*table.Find("a"), 2);
}

TEST(KeyTableTest, EraseForgetsOneKey) {
  KeyTable<int> table;
  table.At("a");
  table.At("b") = 2;
  table.Erase("a");
  table.Erase("a");
  table.Erase("never there");
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.Find("a"), nullptr);
  EXPECT_EQ(*table.Find("b"), 2);
  EXPECT_EQ(table.At("a"), 0);
}

TEST(KeyTableTest, EntriesStayWhereTheyAre) {
  KeyTable<int> table;
  int* first = &table.At("first");
  for (int i = 0; i < 1000; ++i) table.At(std::to_string(i));
  for (int i = 0; i < 900; ++i) table.Erase(std::to_string(i));
  EXPECT_EQ(table.Find("first"), first);
}

TEST(KeyTableTest, BehavesAsAMapDoesUnderRandomChanges) {
  KeyTable<uint64_t> table;
  std::map<std::string, uint64_t> model;
  Random random(11);
  for (int i = 0; i < 200000; ++i) {
    // Phases of growth and of shrinking over few keys, so that runs of slots form and break.
    const std::string key = std::to_string(random.Below(600));
    const bool grow = (i / 5000) % 2 == 0;
    if (random.Below(4) < (grow ? 3U : 1U)) {
      const uint64_t value = random.Next();
      table.At(key) = value;
      model[key] = value;
    } else {
      table.Erase(key);
      model.erase(key);
    }
    if (i % 1000 != 0) continue;
    ASSERT_EQ(table.size(), model.size());
    for (int k = 0; k < 600; ++k) {
      const auto expected = model.find(std::to_string(k));
      const uint64_t* found = table.Find(std::to_string(k));
      ASSERT_EQ(found != nullptr, expected != model.end()) << i << " " << k;
      if (found != nullptr) {
        ASSERT_EQ(*found, expected->second);
      }
    }
  }
}

}  // namespace
}  // namespace signpost::service_zone
