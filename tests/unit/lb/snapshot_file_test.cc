// Signpost. Apache-2.0; see LICENSE.
#include "lb/snapshot_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "common/json/json.h"
#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const Snapshot kSnapshot{.saved = 1'700'000'000'123ms, .state = R"({"state":{"web":["}",",\"state\":"]}})"};

TEST(Snapshot, ComesBackAsItWas) {
  const std::string text = WrapSnapshot(kSnapshot);
  EXPECT_TRUE(json::Document::Parse(text).ok());
  const auto back = UnwrapSnapshot(text);
  ASSERT_TRUE(back.ok()) << back.status().text();
  EXPECT_EQ(back.value().state, kSnapshot.state);
  EXPECT_EQ(back.value().saved, kSnapshot.saved);
}

TEST(Snapshot, AnyOtherBytesAreRefused) {
  const std::string good = WrapSnapshot(kSnapshot);
  for (size_t size = 0; size + 2 < good.size(); ++size) EXPECT_FALSE(UnwrapSnapshot(good.substr(0, size)).ok()) << size;
  std::string edited = good;
  edited.replace(edited.find("web"), 3, "wab");
  EXPECT_THAT(UnwrapSnapshot(edited).status().text(), HasSubstr("was changed"));
  for (const char* text : {"", "[]", "{}", R"({"format":1})", R"({"format":2,"saved_ms":1,"checksum":"1","state":{}})",
                           R"({"format":1,"saved_ms":1,"checksum":"1","state":{}})", "\xff\xfe"}) {
    EXPECT_EQ(UnwrapSnapshot(text).status().kind(), ErrorKind::kInvalid) << text;
  }
}

class SnapshotFile : public testing::Test {
 protected:
  SnapshotFile() : path_(testing::TempDir() + "lb_snapshot_test." + std::to_string(getpid())) {}
  ~SnapshotFile() override { std::filesystem::remove(path_); }
  const std::string path_;
};

TEST_F(SnapshotFile, IsReplacedAsAWhole) {
  EXPECT_EQ(LoadSnapshot(path_).status().kind(), ErrorKind::kNotFound);
  ASSERT_TRUE(SaveSnapshot(path_, kSnapshot).ok());
  ASSERT_TRUE(SaveSnapshot(path_, {.saved = 5ms, .state = "{}"}).ok());
  EXPECT_EQ(LoadSnapshot(path_).value().state, "{}");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  EXPECT_THAT(SaveSnapshot("/nowhere/file", kSnapshot).text(), HasSubstr("/nowhere/file"));
}

TEST_F(SnapshotFile, WritesWhatIsNewAndOldStateOnceAnHour) {
  net::Loop loop;
  SnapshotWriter writer(loop, path_);
  const auto saved = [&]() -> Nanos {
    const auto snapshot = LoadSnapshot(path_);
    return snapshot.ok() ? snapshot.value().saved : Nanos(0);
  };
  writer.Write("{}", 1s);
  ASSERT_TRUE(test::RunUntil(loop, [&] { return saved() == 1s; }));
  test::RunTurns(loop);
  writer.Write("{}", 61s);
  writer.WriteLast("{}", 62s);
  EXPECT_EQ(saved(), 1s);
  writer.WriteLast("{}", 2h);
  EXPECT_EQ(saved(), 2h);
  writer.WriteLast("[]", 2h + 1s);
  EXPECT_EQ(saved(), 2h + 1s);
}

}  // namespace
}  // namespace signpost::lb
