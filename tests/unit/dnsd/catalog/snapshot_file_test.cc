// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/catalog/snapshot_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace signpost::catalog {
namespace {

using ::testing::HasSubstr;

class SnapshotFile : public ::testing::Test {
 protected:
  SnapshotFile() {
    std::string pattern = std::filesystem::temp_directory_path() / "signpost_snapshot_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "catalog.snapshot";
  }
  ~SnapshotFile() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(SnapshotFile, SavesAndLoads) {
  Snapshot snapshot;
  snapshot.index = 5;
  snapshot.datacenter = "dc1";
  ASSERT_TRUE(SaveSnapshot(path_, snapshot).ok());
  snapshot.index = 6;
  ASSERT_TRUE(SaveSnapshot(path_, snapshot).ok());
  const auto loaded = LoadSnapshot(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status().text();
  EXPECT_EQ(loaded->index, 6U);
  struct stat about {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto files = std::filesystem::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(SnapshotFile, AMissingFileIsNotFound) {
  const auto loaded = LoadSnapshot(path_);
  EXPECT_EQ(loaded.status().kind(), ErrorKind::kNotFound);
}

TEST_F(SnapshotFile, EverySentenceNamesTheFileAndSaysWhatHappensNow) {
  for (const char* bytes : {"", "SGNP", "SGNPSNAP", "something else entirely, quite long"}) {
    Write(bytes);
    const auto loaded = LoadSnapshot(path_);
    ASSERT_FALSE(loaded.ok()) << bytes;
    EXPECT_EQ(loaded.status().kind(), ErrorKind::kInvalid);
    EXPECT_THAT(loaded.status().text(), HasSubstr(path_.string()));
    EXPECT_THAT(loaded.status().text(), HasSubstr("dnsd starts without it"));
  }
  EXPECT_THAT(LoadSnapshot(folder_).status().text(), HasSubstr("dnsd starts without it"));
}

TEST_F(SnapshotFile, AFailedSaveKeepsTheOldFile) {
  Snapshot snapshot;
  snapshot.index = 5;
  ASSERT_TRUE(SaveSnapshot(path_, snapshot).ok());
  std::filesystem::create_directory(path_.string() + ".new");
  const Status status = SaveSnapshot(path_, snapshot);
  EXPECT_EQ(status.kind(), ErrorKind::kSystem);
  EXPECT_THAT(status.text(), HasSubstr(path_.string()));
  EXPECT_TRUE(LoadSnapshot(path_).ok());
  EXPECT_FALSE(SaveSnapshot(folder_ / "missing" / "x", snapshot).ok());
}

}  // namespace
}  // namespace signpost::catalog
