// Signpost. Apache-2.0; see LICENSE.
#include "lb/snapshot_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "common/json/json.h"
#include "common/net/unique_fd.h"

namespace signpost::lb {
namespace {

constexpr int64_t kFormat = 1;
constexpr off_t kMaxFile = off_t{1} << 30;
constexpr std::string_view kStateKey = ",\"state\":";

// FNV-1a: against files that are cut off or edited, not against forgers, who could write the file as well.
uint64_t Checksum(std::string_view text) {
  uint64_t sum = 0xcbf29ce484222325U;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return sum;
}

Status WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return Status::System("cannot write", errno);
    text.remove_prefix(static_cast<size_t>(done));
  }
  return Status::Ok();
}

}  // namespace

std::string WrapSnapshot(const Snapshot& snapshot) {
  json::Writer out;
  out.BeginObject();
  out.Key("format").Int(kFormat);
  out.Key("saved_ms").Int(std::chrono::duration_cast<Millis>(snapshot.saved).count());
  out.Key("checksum").String(std::to_string(Checksum(snapshot.state)));
  out.Key("state").Raw(snapshot.state);
  out.EndObject();
  return out.Take() + "\n";
}

Result<Snapshot> UnwrapSnapshot(std::string_view text) {
  auto document = json::Document::Parse(text);
  if (!document.ok()) return Status::Invalid("is no JSON: " + document.status().text());
  const json::Value root = document.value().root();
  if (root["format"].Int() != kFormat) return Status::Invalid("has another format");
  // The numbers before it hold no such text.
  const size_t key = text.find(kStateKey);
  const size_t end = text.rfind('}');
  if (key == std::string_view::npos || end < key + kStateKey.size()) return Status::Invalid("has no state");
  const std::string_view state = text.substr(key + kStateKey.size(), end - key - kStateKey.size());
  if (root["checksum"].String() != std::to_string(Checksum(state))) return Status::Invalid("was changed or cut off");
  return Snapshot{.saved = Millis(root["saved_ms"].Int()), .state = std::string(state)};
}

Result<Snapshot> LoadSnapshot(const std::string& path) {
  const net::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0 && errno == ENOENT) return Status::NotFound("there is no " + path);
  struct stat about {};
  if (fd.get() < 0 || fstat(fd.get(), &about) != 0) return Status::System("cannot read " + path, errno);
  if (!S_ISREG(about.st_mode) || about.st_size > kMaxFile) return Status::Invalid(path + " is no snapshot");
  std::string text(static_cast<size_t>(about.st_size), '\0');
  size_t at = 0;
  while (at < text.size()) {
    const ssize_t done = read(fd.get(), text.data() + at, text.size() - at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) break;
    at += static_cast<size_t>(done);
  }
  text.resize(at);
  auto snapshot = UnwrapSnapshot(text);
  if (!snapshot.ok()) return Status::Invalid(path + " " + snapshot.status().text());
  return snapshot;
}

Status SaveSnapshot(const std::string& path, const Snapshot& snapshot) {
  const std::string fresh = path + ".new." + std::to_string(getpid());  // two lbs may write it during a takeover
  net::UniqueFd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (fd.get() < 0) return Status::System("cannot write " + fresh, errno);
  Status written = WriteAll(fd.get(), WrapSnapshot(snapshot));
  if (written.ok() && fsync(fd.get()) != 0) written = Status::System("cannot write", errno);
  fd.Reset();
  if (written.ok() && std::rename(fresh.c_str(), path.c_str()) != 0) written = Status::System("cannot replace", errno);
  if (written.ok()) return written;
  unlink(fresh.c_str());
  return {written.kind(), path + ": " + written.text()};
}

SnapshotWriter::SnapshotWriter(net::Loop& loop, std::string path) : loop_(loop), path_(std::move(path)) {}

SnapshotWriter::~SnapshotWriter() {
  if (thread_.joinable()) thread_.join();
}

bool SnapshotWriter::IsNews(const std::string& state, Nanos wall) const {
  return state != written_ || wall - written_at_ > std::chrono::hours(1) || wall < written_at_;
}

void SnapshotWriter::Write(std::string state, Nanos wall) {
  if (writing_ || !IsNews(state, wall)) return;
  if (thread_.joinable()) thread_.join();
  writing_ = true;
  written_ = state;
  written_at_ = wall;
  thread_ = std::thread([this, snapshot = Snapshot{.saved = wall, .state = std::move(state)}] {
    const Status saved = SaveSnapshot(path_, snapshot);
    loop_.Post([this, saved] {
      writing_ = false;
      if (!saved.ok()) written_.clear();  // tried again next time
      log_.Report(saved);
    });
  });
}

void SnapshotWriter::WriteLast(std::string state, Nanos wall) {
  if (thread_.joinable()) thread_.join();
  if (!IsNews(state, wall)) return;
  if (const Status saved = SaveSnapshot(path_, {.saved = wall, .state = std::move(state)}); !saved.ok())
    LogWarn(saved.text());
}

}  // namespace signpost::lb
