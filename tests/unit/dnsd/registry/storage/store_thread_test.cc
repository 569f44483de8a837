// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/store_thread.h"

#include <gmock/gmock.h>

#include <optional>

#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/registry/storage/store_fixture.h"

namespace signpost::registry::test {
namespace {

using ::signpost::test::RunTurns;
using ::signpost::test::RunUntil;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;

class StoreThreadTest : public StoreFixture {
 protected:
  void Start() {
    MustOpen();
    thread_.emplace(loop_, std::move(store_));
  }
  // Makes commits wait until Release: another program has the database.
  void Hold() {
    holder_ = std::move(Database::Open(path_)).value();
    ASSERT_TRUE(holder_->Run("BEGIN IMMEDIATE").ok());
  }
  void Release() { ASSERT_TRUE(holder_->Run("ROLLBACK").ok()); }

  void Submit(std::vector<RowChange> changes, uint64_t index = 2, Settings settings = {}) {
    const size_t number = submitted_++;
    thread_->Submit({std::move(changes), index, std::move(settings)}, [this, number](const Status& status) {
      loop_.AssertInLoop();
      order_.push_back(number);
      answers_.push_back(status);
    });
  }
  bool AllAnswered() const { return answers_.size() == submitted_; }

  net::Loop loop_;
  std::optional<StoreThread> thread_;
  std::unique_ptr<Database> holder_;
  size_t submitted_ = 0;
  std::vector<size_t> order_;
  std::vector<Status> answers_;
};

TEST_F(StoreThreadTest, AnswersInOrderOnTheLoopWhenStored) {
  Start();
  for (int i = 0; i < 100; ++i) Submit({Put(Kv("key" + std::to_string(i)))}, static_cast<uint64_t>(i) + 2);
  EXPECT_TRUE(answers_.empty()) << "answered inside Submit";
  ASSERT_TRUE(RunUntil(loop_, [&] { return AllAnswered(); }));
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(order_[i], i);
    EXPECT_TRUE(answers_[i].ok()) << answers_[i].text();
  }
  thread_.reset();
  MustOpen();
  EXPECT_EQ(KeyValues().size(), 100U);
}

TEST_F(StoreThreadTest, WhatWaitsGoesTogetherAndTheLastWriteWins) {
  Start();
  Hold();
  Submit({Put(Kv("a", "1"))}, 2, {{"name", "first"}});
  Submit({Put(Kv("b", "1")), Put(Kv("a", "2"))}, Store::kIndexBlock, {{"name", "second"}, {"id", "7"}});
  Submit({Erase(Kv("b")), Put(Kv("a", "3"))}, 3);
  RunTurns(loop_);
  EXPECT_TRUE(answers_.empty());
  Release();
  ASSERT_TRUE(RunUntil(loop_, [&] { return AllAnswered(); }));
  EXPECT_THAT(order_, ElementsAre(0, 1, 2));
  EXPECT_THAT(thread_->index_ceiling(), Ge(2 * Store::kIndexBlock));
  thread_.reset();
  MustOpen();
  EXPECT_EQ(KeyValues(), (std::map<std::string, std::string>{{"a", "3"}}));
  EXPECT_EQ(contents_.settings, (Settings{{"id", "7"}, {"name", "second"}}));
}

TEST_F(StoreThreadTest, ManyBatchesTakeFewCommits) {
  Start();
  Hold();
  for (int i = 0; i < 500; ++i) Submit({Put(Kv("key" + std::to_string(i)))});
  Release();
  ASSERT_TRUE(RunUntil(loop_, [&] { return AllAnswered(); }));
  // A commit of its own for each would need three pages each.
  EXPECT_LT(std::filesystem::file_size(path_.string() + "-wal"), 500 * 3 * 4096U / 2);
}

TEST_F(StoreThreadTest, BatchesOfOneCommitFailTogetherAndTheNextOnesWork) {
  Start();
  Hold();  // longer than the store waits
  Submit({Put(Kv("a"))});
  ASSERT_TRUE(RunUntil(loop_, [&] { return AllAnswered(); }));
  Submit({Put(Kv("b"))});
  Submit({Put(Kv("c"))});
  ASSERT_TRUE(RunUntil(
      loop_, [&] { return AllAnswered(); }, Millis(10000)));
  for (const Status& answer : answers_) EXPECT_THAT(answer.text(), HasSubstr("another program has it locked"));
  Release();
  Submit({Put(Kv("d"))});
  ASSERT_TRUE(RunUntil(loop_, [&] { return AllAnswered(); }));
  EXPECT_TRUE(answers_.back().ok()) << answers_.back().text();
  thread_.reset();
  MustOpen();
  EXPECT_EQ(KeyValues().size(), 1U);
}

TEST_F(StoreThreadTest, AtItsEndItStoresWhatIsQueuedAndAnswersNobody) {
  Start();
  const auto token = std::make_shared<int>(0);
  for (int i = 0; i < 50; ++i) {
    thread_->Submit({{Put(Kv("key" + std::to_string(i)))}, 2, {}},
                    [token](const Status&) { FAIL() << "ran after the end"; });
  }
  thread_.reset();
  RunTurns(loop_);
  EXPECT_EQ(token.use_count(), 1) << "an answer lives on";
  MustOpen();
  EXPECT_EQ(KeyValues().size(), 50U);
}

TEST_F(StoreThreadTest, AnAnswerMaySubmitMoreAndMayEndTheThread) {
  Start();
  bool ended = false;
  thread_->Submit({{Put(Kv("a"))}, 2, {}}, [&](const Status&) {
    thread_->Submit({{Put(Kv("b"))}, 3, {}}, [&](const Status&) {
      thread_.reset();
      ended = true;
    });
  });
  ASSERT_TRUE(RunUntil(loop_, [&] { return ended; }));
  MustOpen();
  EXPECT_EQ(KeyValues().size(), 2U);
}

TEST_F(StoreThreadTest, NobodyNeedsToBeTold) {
  Start();
  thread_->Submit({{Put(Kv("a"))}, 2, {}}, nullptr);
  Submit({Put(Kv("b"))}, 3);
  ASSERT_TRUE(RunUntil(loop_, [&] { return AllAnswered(); }));
}

}  // namespace
}  // namespace signpost::registry::test
