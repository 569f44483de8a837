// Signpost. Apache-2.0; see LICENSE.
#include "common/options/file_text.h"

#include <cerrno>
#include <cstdio>
#include <memory>

namespace signpost::options {
namespace {

constexpr size_t kLargest = size_t{16} << 20;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Result<std::string> ReadFileText(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return Status::System("cannot read " + path, errno);
  std::string text;
  char part[4096];
  while (const size_t n = std::fread(part, 1, sizeof part, file.get())) {
    text.append(part, n);
    if (text.size() > kLargest) return Status::System("cannot read " + path, EFBIG);
  }
  if (std::ferror(file.get()) != 0) return Status::System("cannot read " + path, errno);
  return text;
}

}  // namespace signpost::options
