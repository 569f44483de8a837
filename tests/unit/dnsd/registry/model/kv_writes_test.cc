// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/kv_writes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

constexpr Millis kNoDelay{0};

class KvWrites : public ::testing::Test {
 protected:
  KvWrites() {
    state.Put(TestNode("n1"));
    state.Put(TestSession("s1", "n1"));
    state.Put(TestSession("s2", "n1"));
  }

  static KvEntry Entry(std::string value, std::string key = "k") {
    return {.key = std::move(key), .value = std::move(value)};
  }
  // "value session lock_index", or "absent".
  std::string Row(const std::string& key = "k") const {
    const auto row = state.FindKv(key);
    return row ? row->value + " " + row->session + " " + std::to_string(row->lock_index) : "absent";
  }
  uint64_t ModifyIndex() const { return state.FindKv("k")->index.modify; }
  bool Acquire(const std::string& value, const std::string& session, Millis delay = kNoDelay) {
    return KvAcquire(state, Entry(value), session, delay);
  }

  State state;
};

TEST_F(KvWrites, SettingLeavesTheLockAloneButNotItsCount) {
  ASSERT_TRUE(Acquire("a", "s1"));
  KvSet(state, Entry("b"));
  EXPECT_EQ(Row(), "b s1 0");
}

TEST_F(KvWrites, CompareAndSetTakesTheExactIndexOnly) {
  EXPECT_FALSE(KvSetIf(state, Entry("a"), 7)) << "there is no such key";
  EXPECT_EQ(Row(), "absent");
  EXPECT_TRUE(KvSetIf(state, Entry("a"), 0));
  EXPECT_FALSE(KvSetIf(state, Entry("b"), 0)) << "there is one already";
  EXPECT_FALSE(KvSetIf(state, Entry("b"), ModifyIndex() - 1));
  EXPECT_EQ(Row(), "a  0");
  EXPECT_TRUE(KvSetIf(state, Entry("b"), ModifyIndex()));
  EXPECT_EQ(Row(), "b  0");
}

TEST_F(KvWrites, OneSessionHoldsALock) {
  EXPECT_TRUE(Acquire("a", "s1"));
  EXPECT_FALSE(Acquire("b", "s2"));
  EXPECT_EQ(Row(), "a s1 1");
  EXPECT_TRUE(Acquire("c", "s1")) << "the holder may acquire it again";
  EXPECT_EQ(Row(), "c s1 1") << "which is no new lock";
}

TEST_F(KvWrites, EveryNewLockIsCounted) {
  ASSERT_TRUE(Acquire("a", "s1"));
  EXPECT_FALSE(KvRelease(state, Entry("b"), "s2")) << "not the holder";
  EXPECT_EQ(Row(), "a s1 1");
  EXPECT_TRUE(KvRelease(state, Entry("b"), "s1"));
  EXPECT_EQ(Row(), "b  1");
  EXPECT_FALSE(KvRelease(state, Entry("c"), "s1")) << "nobody holds it";
  ASSERT_TRUE(Acquire("d", "s2"));
  EXPECT_EQ(Row(), "d s2 2");
}

TEST_F(KvWrites, AKeyThatRestsIsNotLocked) {
  EXPECT_FALSE(Acquire("a", "s1", Millis(1)));
  EXPECT_EQ(Row(), "absent");
}

TEST_F(KvWrites, DeletingWithAnIndex) {
  EXPECT_TRUE(KvDeleteIf(state, "k", 5)) << "what is not there needs no deleting";
  KvSet(state, Entry("a"));
  EXPECT_FALSE(KvDeleteIf(state, "k", ModifyIndex() + 1));
  EXPECT_EQ(Row(), "a  0");
  EXPECT_TRUE(KvDeleteIf(state, "k", ModifyIndex()));
  EXPECT_EQ(Row(), "absent");
}

TEST_F(KvWrites, ATreeIsAllThatBeginsWithThePrefix) {
  for (const char* key : {"a", "ab", "ab/c", "b"}) KvSet(state, Entry("v", key));
  KvDeleteTree(state, "ab");
  EXPECT_EQ(Row("a"), "v  0");
  EXPECT_EQ(Row("ab"), "absent");
  EXPECT_EQ(Row("ab/c"), "absent");
  EXPECT_EQ(Row("b"), "v  0");
  KvDeleteTree(state, "");
  EXPECT_TRUE(state.kv().empty());
}

}  // namespace
}  // namespace signpost::registry
