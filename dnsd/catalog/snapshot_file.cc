// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/catalog/snapshot_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace signpost::catalog {
namespace {

constexpr off_t kMaxFile = off_t{8} << 30;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Zero, or the error number.
int WriteAll(int fd, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) at += static_cast<size_t>(n);
  }
  return fsync(fd) == 0 ? 0 : errno;
}

int WriteFile(const std::string& path, const std::string& bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  return file.get() < 0 ? errno : WriteAll(file.get(), bytes);
}

// Makes the rename itself durable.
int SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.get() >= 0 && fsync(opened.get()) == 0 ? 0 : errno;
}

Status CannotRead(const std::string& path, int error) {
  const Status system = Status::System("cannot read the catalog snapshot " + path, error);
  return Status(error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kSystem,
                system.text() + "; dnsd starts without it");
}

Result<std::string> ReadFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (file.get() < 0 || fstat(file.get(), &about) != 0) return CannotRead(path, errno);
  if (!S_ISREG(about.st_mode) || about.st_size > kMaxFile) return CannotRead(path, EFBIG);
  std::string bytes(static_cast<size_t>(about.st_size), '\0');
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = read(file.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CannotRead(path, errno);
    if (n == 0) break;
    at += static_cast<size_t>(n);
  }
  bytes.resize(at);
  return bytes;
}

}  // namespace

Status SaveSnapshot(const std::string& path, const Snapshot& snapshot) {
  const std::string temporary = path + ".new";
  int error = WriteFile(temporary, EncodeSnapshot(snapshot));
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) error = SyncFolderOf(path);
  if (error == 0) return Status::Ok();
  unlink(temporary.c_str());
  return Status::System("cannot write the catalog snapshot " + path, error);
}

Result<Snapshot> LoadSnapshot(const std::string& path) {
  auto bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  auto snapshot = DecodeSnapshot(bytes.value());
  if (snapshot.ok()) return snapshot;
  return Status::Invalid("the catalog snapshot " + path + " " + snapshot.status().text() + "; dnsd starts without it");
}

}  // namespace signpost::catalog
