// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/dnsd/registry/storage/store_fixture.h"

namespace signpost::registry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Pair;

using StoreTest = StoreFixture;

TEST_F(StoreTest, ANewDatabaseIsEmptyAndItsOwnersOnly) {
  MustOpen();
  EXPECT_TRUE(contents_.rows.empty());
  EXPECT_TRUE(contents_.settings.empty());
  EXPECT_EQ(contents_.index, 1U);
  MustCommit({Put(Kv("a"))});
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat about {};
    ASSERT_EQ(stat((path_.string() + suffix).c_str(), &about), 0) << suffix;
    EXPECT_EQ(about.st_mode & 07777, 0600U) << suffix;
  }
}

TEST_F(StoreTest, RowsOfEveryTableComeBackNodesFirst) {
  MustOpen();
  const NodeRow node = Node("Web-1");
  const ServiceRow service{.node = "Web-1", .id = "Web", .service = "Web", .port = 80, .index = {2, 3}};
  const CheckRow check{.node = "Web-1", .check_id = "c", .run = std::make_shared<const CheckDefinition>()};
  const KvRow kv = Kv("k", "v");
  const SessionRow session{.id = "5e55", .node = "Web-1"};
  const QueryRow query{.id = "40e7", .service = "Web"};
  MustCommit({Put(query), Put(session), Put(kv), Put(check), Put(service), Put(node)});
  MustOpen();
  ASSERT_EQ(contents_.rows.size(), 6U);
  EXPECT_EQ(*std::get<0>(contents_.rows[0]), node);
  EXPECT_EQ(*std::get<1>(contents_.rows[1]), service);
  EXPECT_EQ(std::get<1>(contents_.rows[1])->index.modify, 3U);
  EXPECT_EQ(*std::get<2>(contents_.rows[2]), check);
  EXPECT_EQ(*std::get<3>(contents_.rows[3]), kv);
  EXPECT_EQ(*std::get<4>(contents_.rows[4]), session);
  EXPECT_EQ(*std::get<5>(contents_.rows[5]), query);
}

TEST_F(StoreTest, ChangesAreAppliedInOrder) {
  MustOpen();
  MustCommit({Put(Kv("twice", "1")), Put(Kv("twice", "2")), Put(Kv("gone")), Erase(Kv("gone")), Erase(Kv("back")),
              Put(Kv("back", "3")), Erase(Kv("never there"))});
  MustCommit({Put(Kv("twice", "4")), Erase(Kv("back"))}, 3);
  MustOpen();
  EXPECT_THAT(KeyValues(), ElementsAre(Pair("twice", "4")));
}

TEST_F(StoreTest, AnyBytesSurviveInKeysAndValues) {
  std::map<std::string, std::string> expected;
  std::vector<RowChange> changes;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    expected["k" + text] = "v" + text + std::string(1, '\0') + text;
    changes.push_back(Put(Kv("k" + text, expected["k" + text])));
  }
  expected["empty"] = "";
  changes.push_back(Put(Kv("empty")));
  expected["large"] = std::string(512 * 1024, '\xff');
  changes.push_back(Put(Kv("large", expected["large"])));
  MustOpen();
  MustCommit(changes);
  MustOpen();
  EXPECT_EQ(KeyValues(), expected);
}

TEST_F(StoreTest, SettingsAreAddedAndReplaced) {
  MustOpen();
  MustCommit({}, 1, {{"node_id", "0f9c"}, {"node", "Web-1"}});
  MustCommit({Put(Kv("a"))}, 2, {{"node", "web-2"}, {"empty", ""}});
  MustOpen();
  EXPECT_THAT(contents_.settings, ElementsAre(Pair("empty", ""), Pair("node", "web-2"), Pair("node_id", "0f9c")));
}

TEST_F(StoreTest, AnOperatorReadsItWithSqlWhileItIsInUse) {
  MustOpen();
  MustCommit({Put(ServiceRow{.node = "n", .id = "web", .service = "Web", .meta = {{"rack", "7"}}, .port = 80})});
  auto database = Database::Open(path_);
  ASSERT_TRUE(database.ok()) << database.status().text();
  EXPECT_EQ(database.value()->Text("SELECT row ->> '$.Meta.rack' FROM services WHERE row ->> '$.Port' = 80").value(),
            "7");
  MustCommit({Put(Kv("a"))}, 3);
}

TEST_F(StoreTest, TheLogStaysShortAndGoesWhenClosed) {
  constexpr uintmax_t kMegabyte = 1024 * 1024;
  const auto log = [&] { return std::filesystem::file_size(path_.string() + "-wal"); };
  MustOpen();
  std::vector<RowChange> large;
  for (int i = 0; i < 40; ++i) large.push_back(Put(Kv("large" + std::to_string(i), std::string(kMegabyte / 2, 'x'))));
  MustCommit(large);
  EXPECT_THAT(log(), Ge(20 * kMegabyte)) << "one commit is in the log whole";
  uintmax_t longest = 0;
  for (uint64_t index = 3; index < 103; ++index) {
    MustCommit({Put(Kv("a", std::string(kMegabyte / 8, 'y')))}, index);
    longest = std::max(longest, index > 10 ? log() : 0);
  }
  EXPECT_THAT(longest, Le(9 * kMegabyte));
  store_.reset();
  EXPECT_THAT(Files(), ElementsAre(Pair("registry.db", ::testing::_)));
}

// --- indexes
// ----------------------------------------------------------------------------------------------------------

TEST_F(StoreTest, AfterARestartNoIndexThatWasSeenComesAgain) {
  uint64_t seen = 1;
  for (int restart = 0; restart < 5; ++restart) {
    MustOpen();
    ASSERT_THAT(contents_.index, Ge(seen)) << restart;
    uint64_t index = contents_.index;
    for (int write = 0; write < 10 * restart; ++write) {
      index += Store::kIndexBlock / 7;  // given out, and only the last of them stored
      ASSERT_THAT(index, Le(store_->index_ceiling()));
      MustCommit({Put(Kv("a"))}, index);
    }
    // The worst case: all that may be given out has been, and nothing was stored since.
    seen = store_->index_ceiling();
  }
}

TEST_F(StoreTest, ThereIsAlwaysRoomForHalfABlock) {
  MustOpen();
  for (uint64_t index = 2; index < 4 * Store::kIndexBlock; index += 1000) {
    MustCommit({Put(Kv("a"))}, index);
    ASSERT_THAT(store_->index_ceiling(), Ge(index + Store::kIndexBlock / 2));
    ASSERT_THAT(store_->index_ceiling(), Le(index + Store::kIndexBlock));
  }
}

TEST_F(StoreTest, AnEmptyCommitMovesTheCeilingOn) {
  MustOpen();
  const uint64_t before = store_->index_ceiling();
  MustCommit({}, 2);
  EXPECT_EQ(store_->index_ceiling(), before);
  MustCommit({}, before);
  EXPECT_EQ(store_->index_ceiling(), before + Store::kIndexBlock);
  MustOpen();
  EXPECT_EQ(contents_.index, before + Store::kIndexBlock);
}

}  // namespace
}  // namespace signpost::registry::test
