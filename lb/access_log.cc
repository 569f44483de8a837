// Signpost. Apache-2.0; see LICENSE.
#include "lb/access_log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <utility>

#include "common/base/clock.h"

namespace signpost::lb {
namespace {

constexpr Millis kEvery{100};
constexpr std::chrono::seconds kOpenAgain{5};  // after a failure: a pipe without a reader, a missing folder
constexpr std::chrono::seconds kLastWords{2};
constexpr int kPatience = 200;  // ms that a pipe has to take the next piece

uint64_t Lines(std::string_view text) { return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

void AccessPort::Record(const AccessRecord& record) {
  line_.clear();
  AppendAccessLine(line_, format_.load(std::memory_order_relaxed), record);
  const std::lock_guard lock(mutex_);
  if (pending_.size() + line_.size() > capacity_) {
    dropped_.Add();
  } else {
    pending_ += line_;
  }
}

std::string AccessPort::Take() {
  std::string taken;
  const std::lock_guard lock(mutex_);
  taken.swap(pending_);
  return taken;
}

AccessLog::AccessLog(size_t ports, size_t capacity) {
  for (size_t i = 0; i < ports; ++i) ports_.push_back(std::make_unique<AccessPort>(capacity));
  thread_ = std::thread([this] { Run(); });
}

AccessLog::~AccessLog() {
  stop_until_ = (SystemClock().Monotonic() + kLastWords).count();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AccessLog::Configure(const std::string& path, AccessFormat format) {
  for (const auto& port : ports_) port->SetFormat(format);
  const std::lock_guard lock(mutex_);
  if (path == path_) return;
  path_ = path;
  open_ = true;
}

void AccessLog::Reopen() {
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  wake_.notify_one();
}

uint64_t AccessLog::dropped() const {
  uint64_t sum = lost_.value();
  for (const auto& port : ports_) sum += port->dropped().value();
  return sum;
}

void AccessLog::Run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kEvery, [this] { return open_ || stop_; });
    const bool stop = stop_;
    const Nanos now = SystemClock().Monotonic();
    const bool again = file_.get() < 0 && !path_.empty() && now >= open_again_;
    const bool open = std::exchange(open_, false) || again;
    if (open) open_again_ = now + kOpenAgain;
    const std::string path = path_;
    lock.unlock();
    if (!open || file_.get() >= 0) WriteAll();
    if (open) Open();
    if (stop) return WriteAll();
  }
}

void AccessLog::Open() {
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    path = path_;
  }
  file_.Reset();
  torn_ = false;
  if (path.empty()) return;
  file_ = net::UniqueFd(path == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640));
  log_.Report(file_.get() >= 0 ? Status::Ok() : Status::System("cannot open " + path, errno));
  struct stat about {};
  plain_ = file_.get() >= 0 && fstat(file_.get(), &about) == 0 && S_ISREG(about.st_mode);
}

void AccessLog::WriteAll() {
  for (const auto& port : ports_) {
    const std::string text = port->Take();
    if (text.empty()) continue;
    const uint64_t lines = Lines(text);
    const uint64_t missing = Lines(std::string_view(text).substr(text.size() - Write(text)));
    written_.Add(lines - missing);
    lost_.Add(missing);
  }
}

bool AccessLog::stopping_in_time() const {
  const int64_t until = stop_until_;
  return until == 0 || SystemClock().Monotonic().count() < until;
}

size_t AccessLog::Write(std::string_view text) {
  if (file_.get() < 0) return text.size();
  if (torn_) (void)!write(file_.get(), "\n", 1);
  torn_ = false;
  size_t at = 0;
  while (at < text.size()) {
    size_t piece = text.size() - at;
    if (!plain_) {
      // A pipe's reader may have stopped; a piece of at most PIPE_BUF is taken whole or not at all.
      piece = std::min<size_t>(piece, PIPE_BUF);
      pollfd ready{.fd = file_.get(), .events = POLLOUT, .revents = 0};
      if (poll(&ready, 1, kPatience) <= 0 || !stopping_in_time()) break;
    }
    const ssize_t done = write(file_.get(), text.data() + at, piece);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      log_.Report(Status::System("lines are dropped", errno));
      torn_ = at > 0 && text[at - 1] != '\n';
      return text.size() - at;
    }
    at += static_cast<size_t>(done);
  }
  torn_ = at > 0 && text[at - 1] != '\n';
  log_.Report(at == text.size() ? Status::Ok() : Status::Unavailable("its reader is too slow: lines are dropped"));
  return text.size() - at;
}

}  // namespace signpost::lb
