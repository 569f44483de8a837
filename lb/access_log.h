// Signpost. Apache-2.0; see LICENSE.
// The access log's file: lines are made on the workers' threads, written on one of its own. Traffic never waits for the
// disk: what a full or slow one does not take is dropped and counted (case R14).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/net/unique_fd.h"
#include "lb/access_format.h"
#include "lb/session/access_record.h"

namespace signpost::lb {

// One worker's end. Its records gather in a bounded buffer that the writer empties ten times a second.
class AccessPort final : public AccessSink {
 public:
  explicit AccessPort(size_t capacity) : capacity_(capacity) {}

  // On the worker's thread.
  void Record(const AccessRecord& record) override;
  // Any thread.
  void SetFormat(AccessFormat format) { format_.store(format, std::memory_order_relaxed); }
  // Any thread: what has gathered, which is then gone here.
  std::string Take();
  const Counter& dropped() const { return dropped_; }

 private:
  const size_t capacity_;
  std::atomic<AccessFormat> format_ = AccessFormat::kJson;
  std::string line_;  // the worker's own; keeps its capacity
  Counter dropped_;
  std::mutex mutex_;  // held for a copy of one line, or a swap
  std::string pending_;
};

class AccessLog {
 public:
  // `ports`: one per worker. Nothing is written before Configure.
  explicit AccessLog(size_t ports, size_t capacity = size_t{4} << 20);
  // Writes what there is, for two seconds at most.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  AccessPort& port(size_t worker) { return *ports_[worker]; }
  // Control thread: another file ("" = none, "-" = standard output) and form, from the next lines on.
  void Configure(const std::string& path, AccessFormat format);
  // Control thread: the file was moved away (SIGUSR1). What was recorded before goes to the old one (case R15).
  void Reopen();
  // Lines that were not written, for want of room in memory or on disk.
  uint64_t dropped() const;
  uint64_t written() const { return written_.value(); }  // lines

 private:
  void Run();
  void Open();
  void WriteAll();
  // What of `text` could not be written.
  size_t Write(std::string_view text);
  bool stopping_in_time() const;

  std::vector<std::unique_ptr<AccessPort>> ports_;
  Counter written_;
  Counter lost_;
  std::mutex mutex_;  // guards the next five
  std::condition_variable wake_;
  std::string path_;
  bool open_ = false;  // asked for, not done yet
  bool stop_ = false;
  std::atomic<int64_t> stop_until_ = 0;  // monotonic ns; 0 = not stopping

  // The writer's.
  net::UniqueFd file_;
  Nanos open_again_{0};
  bool plain_ = true;  // a regular file, which a write never waits on for long
  bool torn_ = false;  // the last line written is not complete
  NeighbourLog log_{"the access log"};
  std::thread thread_;
};

}  // namespace signpost::lb
