// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/data_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace signpost::registry {
namespace {

// https://www.sqlite.org/fileformat.html, section 1.3.
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kHeaderSize = 100;
constexpr size_t kVersionAt = 60;
constexpr size_t kApplicationIdAt = 68;
using Header = std::array<unsigned char, kHeaderSize>;

uint32_t BigEndian(const Header& header, size_t at) {
  return uint32_t{header[at]} << 24 | uint32_t{header[at + 1]} << 16 | uint32_t{header[at + 2]} << 8 | header[at + 3];
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status CannotUse(const std::string& path, int error, std::string_view advice) {
  return Status::Config(Status::System("cannot use " + path + " for the registry database", error).text() + "; " +
                        std::string(advice));
}

constexpr std::string_view kMakeWritable =
    "make it writable for the user that dnsd runs as, or give another --data-dir";

Status CheckWritable(const std::string& path) {
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0) return Status::Ok();
  return CannotUse(path, errno, kMakeWritable);
}

Status NotOurs(const std::string& path, std::string_view what) {
  return Status::Invalid(path + " is " + std::string(what) +
                         ", not dnsd's registry database; move it away or give another --data-dir");
}

Status CheckHeader(const std::string& path, const Header& header) {
  const std::string_view magic(reinterpret_cast<const char*>(header.data()), kMagic.size());
  if (magic != kMagic) return NotOurs(path, "no SQLite file");
  if (BigEndian(header, kApplicationIdAt) != kApplicationId) return NotOurs(path, "the database of another program");
  const uint32_t version = BigEndian(header, kVersionAt);
  return version > kSchemaVersion ? TooNew(path, version) : Status::Ok();
}

Status ReadHeader(const std::string& path, Header& header) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotUse(path, errno, kMakeWritable);
  const ssize_t size = pread(fd, header.data(), header.size(), 0);
  const int error = errno;
  close(fd);
  if (size < 0) return CannotUse(path, error, "look after its disk");
  return Status::Ok();
}

Result<DataFile> InspectAbsent(const std::string& path) {
  if (!HasLog(path)) return DataFile::kNew;
  return Status::Invalid("the registry database " + path + " is missing or empty, but its log " + path +
                         "-wal is there; put the database back, or move the log away to start with an empty one");
}

}  // namespace

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) close(fd_);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<DirectoryLock> DirectoryLock::Take(const std::string& database_path) {
  const std::string folder = FolderOf(database_path);
  DirectoryLock lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.fd_ < 0) return CannotUse(folder, errno, "create the directory, or give another --data-dir");
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return CannotUse(folder, errno, "give another --data-dir");
    return Status::Unavailable("another dnsd uses the registry database " + database_path +
                               "; stop it, or give this one another --data-dir");
  }
  if (Status status = CheckWritable(folder); !status.ok()) return status;
  return lock;
}

Result<DataFile> Inspect(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return InspectAbsent(path);
    return CannotUse(path, errno, kMakeWritable);
  }
  if (!S_ISREG(about.st_mode)) return Status::Config(path + " is not a file; move it away or give another --data-dir");
  if (Status status = CheckWritable(path); !status.ok()) return status;
  if (about.st_size == 0) return InspectAbsent(path);
  Header header{};
  Status status = ReadHeader(path, header);
  if (status.ok()) status = CheckHeader(path, header);
  if (!status.ok()) return status;
  return DataFile::kOurs;
}

Status TooNew(const std::string& path, int64_t version) {
  return Status::Invalid("the registry database " + path + " has version " + std::to_string(version) +
                         " and this dnsd knows versions up to " + std::to_string(kSchemaVersion) +
                         "; run the newer dnsd that wrote it, or give another --data-dir");
}

Status CreateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return CannotUse(path, errno, kMakeWritable);
  close(fd);
  return Status::Ok();
}

bool HasLog(const std::string& path) {
  struct stat about {};
  return stat((path + "-wal").c_str(), &about) == 0 && about.st_size > 0;
}

}  // namespace signpost::registry
