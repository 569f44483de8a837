// Signpost. Apache-2.0; see LICENSE.
// Commits that fail, and a process that is killed.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "dnsd/registry/storage/store.h"
#include "tests/unit/dnsd/registry/storage/store_fixture.h"

namespace signpost::registry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Pair;

using StoreFailure = StoreFixture;

// No file of this process may grow beyond `bytes`, as if the disk were full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(StoreFailure, AFullDiskRefusesWritesUntilThereIsRoom) {
  MustOpen();
  MustCommit({Put(Kv("a", "1"))});
  const uint64_t ceiling = store_->index_ceiling();
  {
    const FileSizeLimit full(std::filesystem::file_size(path_.string() + "-wal") + 4096);
    for (uint64_t index = 3; index < 6; ++index) {
      const Status status =
          store_->Commit(std::vector{Put(Kv("b", std::string(100000, 'x'))), Erase(Kv("a"))}, index + ceiling);
      EXPECT_EQ(status.kind(), ErrorKind::kSystem);
      EXPECT_EQ(status.text(), "the registry database " + path_.string() +
                                   ": disk I/O error: File too large; make room on its file system");
    }
  }
  EXPECT_EQ(store_->index_ceiling(), ceiling);
  MustCommit({Put(Kv("c", "3"))}, 7);
  MustOpen();
  EXPECT_THAT(KeyValues(), ElementsAre(Pair("a", "1"), Pair("c", "3")));
}

TEST_F(StoreFailure, AFullDatabaseRefusesWritesUntilThereIsRoom) {
  MustOpen();
  MustCommit({Put(Kv("a", "1"))});
  store_.reset();
  auto database = Database::Open(path_);
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(database.value()->Run("PRAGMA max_page_count = 1; BEGIN").ok());
  const Status full = database.value()->Run("INSERT INTO settings VALUES ('a', randomblob(100000))");
  EXPECT_EQ(full.text(),
            "the registry database " + path_.string() + ": database or disk is full; make room on its file system");
}

TEST_F(StoreFailure, ALockOfAnotherProgramIsWaitedForAndThenNamed) {
  MustOpen();
  auto other = Database::Open(path_);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(other.value()->Run("BEGIN IMMEDIATE").ok());
  EXPECT_EQ(store_->Commit(std::vector{Put(Kv("a", "1"))}, 2).text(),
            "the registry database " + path_.string() +
                ": database is locked; another program has it locked: end that program");
  ASSERT_TRUE(other.value()->Run("ROLLBACK").ok());
  MustCommit({Put(Kv("a", "2"))}, 3);
}

TEST_F(StoreFailure, AFullDiskAtTheFirstStartLeavesNothingInTheWay) {
  {
    const FileSizeLimit full(4096);
    EXPECT_THAT(Open().text(), HasSubstr("File too large; make room on its file system"));
  }
  MustOpen();
  MustCommit({Put(Kv("a", "1"))});
}

// --- kill -9
// ----------------------------------------------------------------------------------------------------------

struct Report {
  uint64_t index;
  bool stored;  // or given out only
};

// Commits rows until killed: for each index two keys and a node, told to `to` before and after.
[[noreturn]] void WriteForever(const std::string& path, int to) {
  Contents contents;
  auto store = Store::Open(path, contents);
  if (!store.ok()) _exit(1);
  for (uint64_t index = contents.index + 1;; ++index) {
    const auto tell = [&](bool stored) {
      const Report report{index, stored};
      if (write(to, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) _exit(2);
    };
    const std::string number = std::to_string(index);
    tell(false);
    const std::vector changes{Put(Kv("even/" + number, std::string(index % 5000, 'e'))), Put(Node("node-" + number)),
                              Put(Kv("odd/" + number, "o"))};
    if (!store.value()->Commit(changes, index).ok()) _exit(3);
    tell(true);
  }
}

struct Seen {
  uint64_t highest = 0;
  std::vector<uint64_t> stored;
};

void Read(int from, size_t until_stored, Seen& seen) {
  Report report{};
  while (seen.stored.size() < until_stored && read(from, &report, sizeof report) == sizeof report) {
    seen.highest = std::max(seen.highest, report.index);
    if (report.stored) seen.stored.push_back(report.index);
  }
}

// Lets a child write for a random while, kills it, and returns what it had told.
Seen WriteAndKill(const std::string& path, std::mt19937& random) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    WriteForever(path, ends[1]);
  }
  close(ends[1]);
  Seen seen;
  Read(ends[0], 1 + random() % 30, seen);
  const auto moment = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 4000);
  while (std::chrono::steady_clock::now() < moment) continue;  // anywhere in a commit
  kill(child, SIGKILL);
  int result = 0;
  EXPECT_EQ(waitpid(child, &result, 0), child);
  EXPECT_TRUE(WIFSIGNALED(result)) << "ended by itself: " << WEXITSTATUS(result);
  Read(ends[0], SIZE_MAX, seen);
  close(ends[0]);
  return seen;
}

TEST_F(StoreFailure, KilledAtAnyMomentItKeepsWhatItAcknowledged) {
  std::mt19937 random(20261122);
  std::vector<uint64_t> stored;
  for (int round = 0; round < 30; ++round) {
    const Seen seen = WriteAndKill(path_, random);
    ASSERT_FALSE(seen.stored.empty());
    stored.insert(stored.end(), seen.stored.begin(), seen.stored.end());
    MustOpen();
    EXPECT_THAT(contents_.index, Ge(seen.highest)) << "round " << round;
    const auto rows = Rows();
    const auto keys = KeyValues();
    for (const uint64_t index : stored) {
      const std::string number = std::to_string(index);
      ASSERT_EQ(keys.count("even/" + number), 1U) << "lost in round " << round;
      ASSERT_EQ(keys.at("even/" + number).size(), index % 5000);
      ASSERT_EQ(keys.count("odd/" + number), 1U);
      ASSERT_EQ(rows.count({0, "node-" + number}), 1U);
    }
    // Whole transactions, acknowledged or not.
    ASSERT_EQ(rows.size(), keys.size() / 2 * 3) << "round " << round;
    store_.reset();
  }
}

}  // namespace
}  // namespace signpost::registry::test
