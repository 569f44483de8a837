// Signpost. Apache-2.0; see LICENSE.
#include "lb/access_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace signpost::lb {
namespace {

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() : path_(testing::TempDir() + "access_log_test." + std::to_string(getpid())) {}
  ~AccessLogTest() override {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".1");
  }

  static void Say(AccessLog& log, size_t worker, std::string_view target) {
    AccessRecord record;
    record.method = "GET";
    record.target = target;
    record.protocol = "HTTP/1.1";
    log.port(worker).Record(record);
  }
  static std::string Text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static long Count(const std::string& path) {
    const std::string text = Text(path);
    return std::count(text.begin(), text.end(), '\n');
  }

  const std::string path_;
};

TEST_F(AccessLogTest, AllLinesOfAllWorkersAreThereInTheEnd) {
  {
    AccessLog log(3);
    log.Configure(path_, AccessFormat::kCombined);
    std::vector<std::thread> workers;
    for (size_t w = 0; w < 3; ++w) {
      workers.emplace_back([&log, w] {
        for (int i = 0; i < 1000; ++i) Say(log, w, "/x");
      });
    }
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(log.dropped(), 0U);
  }
  EXPECT_EQ(Count(path_), 3000);
}

// A pipe that nobody reads must not hold up the end (case R07).
TEST_F(AccessLogTest, APipeWithoutAReaderHoldsNothingUp) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  AccessLog log(1);
  log.Configure(path_, AccessFormat::kCombined);
  log.Reopen();
  Say(log, 0, "/x");
  while (log.dropped() < 1) std::this_thread::yield();
  EXPECT_EQ(log.written(), 0U);
}

// Case R15.
TEST_F(AccessLogTest, NoLineIsLostWhenTheFileIsMovedAway) {
  {
    AccessLog log(1);
    log.Configure(path_, AccessFormat::kCombined);
    Say(log, 0, "/before");
    while (log.written() < 1) std::this_thread::yield();
    std::filesystem::rename(path_, path_ + ".1");
    log.Reopen();
    Say(log, 0, "/after");
  }
  const long moved = Count(path_ + ".1");
  EXPECT_EQ(moved + Count(path_), 2);
  EXPECT_NE(Text(path_ + ".1").find("/before"), std::string::npos);
}

// Case R14.
TEST_F(AccessLogTest, WhatMemoryHasNoRoomForIsDroppedAndCounted) {
  AccessPort port(200);
  AccessRecord record;
  record.method = "GET";
  record.target = "/0123456789";
  for (int i = 0; i < 10; ++i) port.Record(record);
  const std::string text = port.Take();
  const auto kept = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, 10U);
  EXPECT_EQ(kept + port.dropped().value(), 10U);
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_EQ(port.Take(), "");
  port.Record(record);
  EXPECT_NE(port.Take(), "");
}

// Case R14: /dev/full says what a full disk says.
TEST_F(AccessLogTest, AFullDiskIsCountedAndPasses) {
  AccessLog log(1);
  log.Configure("/dev/full", AccessFormat::kCombined);
  Say(log, 0, "/a");
  Say(log, 0, "/b");
  while (log.dropped() < 2) std::this_thread::yield();
  log.Configure(path_, AccessFormat::kCombined);
  while (Count(path_) < 1) {
    Say(log, 0, "/c");
    std::this_thread::yield();
  }
}

TEST_F(AccessLogTest, WithoutAFileLinesAreDropped) {
  AccessLog log(1);
  Say(log, 0, "/a");
  while (log.dropped() < 1) std::this_thread::yield();
  EXPECT_EQ(log.written(), 0U);
}

}  // namespace
}  // namespace signpost::lb
