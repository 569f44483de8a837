// Signpost. Apache-2.0; see LICENSE.
// What Open does not open: every case gets a sentence, and every byte on disk stays.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "dnsd/registry/storage/store.h"
#include "tests/unit/dnsd/registry/storage/store_fixture.h"

namespace signpost::registry::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StoreRefusal : public StoreFixture {
 protected:
  // Some rows in the file itself and some in the log only, as after a crash.
  void MakeDatabase() {
    MustOpen();
    std::vector<RowChange> changes;
    for (int i = 0; i < 200; ++i) changes.push_back(Put(Node("node-" + std::to_string(i))));
    MustCommit(changes, 2, {{"node", "a"}});
    store_.reset();
    RunSql("PRAGMA journal_mode = WAL; INSERT INTO settings VALUES ('in the log', 'yes');");
  }

  void ExpectRefused(ErrorKind kind, const ::testing::Matcher<std::string>& sentence) {
    const auto before = Files();
    for (int attempt = 0; attempt < 2; ++attempt) {
      const Status status = Open();
      EXPECT_EQ(status.kind(), kind);
      EXPECT_THAT(status.text(), AllOf(HasSubstr(path_.string()), sentence));
      EXPECT_TRUE(Files() == before) << "something on disk has changed";
    }
  }
};

TEST_F(StoreRefusal, TheGroundItStandsOn) {
  MakeDatabase();
  EXPECT_FALSE(ReadBytes(path_.string() + "-wal").empty());
  MustOpen();
  EXPECT_EQ(contents_.rows.size(), 200U);
  EXPECT_EQ(contents_.settings["in the log"], "yes");
}

struct SqlCase {
  std::string name;
  std::string sql;  // changes the database, in its log
  std::string sentence;
};

class StoreRefusalSql : public StoreRefusal, public ::testing::WithParamInterface<SqlCase> {};

TEST_P(StoreRefusalSql, IsASentence) {
  MakeDatabase();
  RunSql(GetParam().sql);
  ExpectRefused(ErrorKind::kInvalid, HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, StoreRefusalSql,
    ::testing::Values(
        SqlCase{
            "NewerVersion", "PRAGMA user_version = 2",
            " has version 2 and this dnsd knows versions up to 1; run the newer dnsd that wrote it, or give another"},
        SqlCase{"NoJson", "UPDATE nodes SET row = '{' WHERE key = CAST('node-7' AS BLOB)",
                "(table nodes, key node-7: line 1, column 2: "},
        SqlCase{"WrongField", "INSERT INTO services VALUES (CAST(x'6e0057' AS BLOB), '{\"Port\": \"80\"}')",
                "(table services, key n/W: Port is not a whole number in range); put a copy of it back, or move it"},
        SqlCase{"OddKey", "INSERT INTO kv VALUES (x'ff', '{\"Key\": \"a\"}', x'')",
                "(table kv, key \xEF\xBF\xBD: the row is that of another key)"},
        SqlCase{"NoTable", "DROP TABLE queries", "(no such table: queries)"},
        SqlCase{"NoIndex", "DELETE FROM index_ceiling", "(a row is missing)"},
        SqlCase{"BadIndex", "UPDATE index_ceiling SET ceiling = -5", "(table index_ceiling holds no index)"}),
    [](const auto& about) { return about.param.name; });

// All of it in the file, and no log: the header alone tells, and nothing else may appear beside the file.
TEST_F(StoreRefusal, NewerVersionWithoutALog) {
  MustOpen();
  store_.reset();
  std::string bytes = ReadBytes(path_);
  bytes[63] = 3;
  WriteBytes(path_, bytes);
  ExpectRefused(ErrorKind::kInvalid, HasSubstr(" has version 3 "));
}

TEST_F(StoreRefusal, AnotherProgramsDatabase) {
  WriteBytes(path_, "");
  RunSql("PRAGMA journal_mode = WAL; CREATE TABLE cookies (host TEXT); INSERT INTO cookies VALUES ('a');");
  ExpectRefused(ErrorKind::kInvalid, HasSubstr(" is the database of another program, not dnsd's registry database; "));
}

TEST_F(StoreRefusal, NoSqliteFile) {
  for (const std::string& bytes : {std::string("x"), std::string(100000, 'x'), std::string(4096, '\0'),
                                   std::string("SQLite format 4") + std::string(85, '\0')}) {
    WriteBytes(path_, bytes);
    ExpectRefused(ErrorKind::kInvalid, HasSubstr(" is no SQLite file, not dnsd's registry database; move it away or "));
  }
}

TEST_F(StoreRefusal, DamagedPages) {
  MakeDatabase();
  const std::string whole = ReadBytes(path_);
  const std::string log = ReadBytes(path_.string() + "-wal");
  ASSERT_GE(whole.size(), 16 * 4096U);
  for (const bool with_log : {true, false}) {
    if (!with_log) std::filesystem::remove(path_.string() + "-wal");
    for (const size_t page : {2U, 4U, 18U}) {  // none that the log replaces
      std::string bytes = whole;
      bytes.replace((page - 1) * 4096, 512, std::string(512, '\x5a'));
      WriteBytes(path_, bytes);
      ExpectRefused(ErrorKind::kInvalid,
                    AllOf(HasSubstr(" is damaged ("), HasSubstr("-wal away to start with an empty")));
    }
    WriteBytes(path_, whole.substr(0, whole.size() / 2));
    ExpectRefused(ErrorKind::kInvalid, HasSubstr(" is damaged ("));
  }
}

TEST_F(StoreRefusal, ALogWithoutItsDatabase) {
  MakeDatabase();
  const auto expected = HasSubstr(" is missing or empty, but its log " + path_.string() + "-wal is there; put ");
  WriteBytes(path_, "");
  ExpectRefused(ErrorKind::kInvalid, expected);
  std::filesystem::remove(path_);
  ExpectRefused(ErrorKind::kInvalid, expected);
}

TEST_F(StoreRefusal, ADirectoryInItsPlace) {
  std::filesystem::create_directory(path_);
  ExpectRefused(ErrorKind::kConfig, HasSubstr(" is not a file; move it away or give another --data-dir"));
}

TEST_F(StoreRefusal, NoDirectory) {
  path_ = folder_ / "absent" / "registry.db";
  const Status status = Open();
  EXPECT_EQ(status.kind(), ErrorKind::kConfig);
  EXPECT_EQ(status.text(), "cannot use " + (folder_ / "absent").string() +
                               " for the registry database: No such file or directory; create the directory, or give "
                               "another --data-dir");
}

TEST_F(StoreRefusal, ASecondHolderOfTheDirectory) {
  MustOpen();
  MustCommit({Put(Kv("a", "1"))});
  Contents contents;
  const auto second = Store::Open(path_, contents);
  EXPECT_EQ(second.status().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(second.status().text(), "another dnsd uses the registry database " + path_.string() +
                                        "; stop it, or give this one another --data-dir");
  MustCommit({Put(Kv("b", "2"))}, 3);
  MustOpen();  // the first one closed
  EXPECT_EQ(KeyValues().size(), 2U);
}

// Root may write anywhere, so these run as nobody.
class StoreRefusalAsNobody : public StoreRefusal {
 protected:
  // What Open says in a process without rights; the first letter is its ErrorKind.
  std::string OpenAsNobody() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      constexpr uid_t kNobody = 65534;
      const bool dropped = getuid() != 0 || (setgid(kNobody) == 0 && setuid(kNobody) == 0);
      const Status status = dropped ? Store::Open(path_, contents_).status() : Status::Invalid("still root");
      const std::string text = static_cast<char>('0' + static_cast<int>(status.kind())) + status.text();
      const ssize_t written = write(ends[1], text.data(), text.size());
      _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string text(4096, '\0');
    const ssize_t size = read(ends[0], text.data(), text.size());
    close(ends[0]);
    int result = 0;
    EXPECT_EQ(waitpid(child, &result, 0), child);
    EXPECT_EQ(result, 0);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }

  void ExpectRefusedAsNobody(const std::filesystem::path& what) {
    const auto before = Files();
    EXPECT_EQ(OpenAsNobody(), std::string(1, '0' + static_cast<int>(ErrorKind::kConfig)) + "cannot use " +
                                  what.string() +
                                  " for the registry database: Permission denied; make it writable for the user that "
                                  "dnsd runs as, or give another --data-dir");
    EXPECT_TRUE(Files() == before);
  }
};

TEST_F(StoreRefusalAsNobody, AReadOnlyDirectory) {
  MakeDatabase();
  ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0555), 0);
  ExpectRefusedAsNobody(folder_);
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
}

TEST_F(StoreRefusalAsNobody, AReadOnlyFile) {
  MakeDatabase();
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  ExpectRefusedAsNobody(path_);
}

TEST_F(StoreRefusalAsNobody, OpensWhereItMayWrite) {
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(OpenAsNobody(), "0");
}

}  // namespace
}  // namespace signpost::registry::test
