// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/zone_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

namespace signpost::dns {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 20;

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string Folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Without links; empty when there is nothing.
std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : std::string();
}

Status Read(int fd, size_t limit, std::string& out) {
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::System("the file cannot be read", errno);
    if (got == 0) return {};
    if (out.size() + static_cast<size_t>(got) > limit) {
      return Status::Config("the zone's files are larger than 64 MiB; split the zone");
    }
    out.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

std::string ZoneSource::Beside(const std::string& path, std::string_view name) {
  const std::string folder = Folder(path);
  if (name.starts_with('/') || folder == ".") return std::string(name);
  return (folder == "/" ? folder : folder + "/") + std::string(name);
}

Result<std::string> ZoneSource::ReadFirst() { return ReadAll(path_); }

Result<std::string> ZoneSource::ReadIncluded(const std::string& path) {
  const std::string real = RealPath(path);
  if (real.empty()) return Status::System("the included file \"" + path + "\" cannot be opened", errno);
  std::string root = RealPath(Folder(path_));
  if (!root.ends_with('/')) root += '/';
  if (!real.starts_with(root)) {
    return Status::Denied("the included file \"" + path + "\" is not in " + root + " or below; move it there");
  }
  auto text = ReadAll(real);
  if (!text.ok()) return Status(text.status().kind(), "included \"" + path + "\": " + text.status().text());
  return text;
}

Result<std::string> ZoneSource::ReadAll(const std::string& path) {
  const File file(path);
  if (file.fd() < 0) return Status::System("the file cannot be opened", errno);
  struct stat about {};
  if (fstat(file.fd(), &about) != 0) return Status::System("the file cannot be looked at", errno);
  if (!S_ISREG(about.st_mode)) return Status::Config("this is no regular file; give the path of a master file");
  std::string text;
  if (Status status = Read(file.fd(), kMaxBytes - bytes_, text); !status.ok()) return status;
  bytes_ += text.size();
  return text;
}

}  // namespace signpost::dns
