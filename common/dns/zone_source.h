// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the files of a zone, none outside the folder of the first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::dns {

class ZoneSource {
 public:
  explicit ZoneSource(std::string path) : path_(std::move(path)) {}

  // What `name` means in the file at `path`.
  static std::string Beside(const std::string& path, std::string_view name);

  // All bytes; at most 64 MiB of all files together.
  Result<std::string> ReadFirst();
  // Also denied when a symbolic link leads out of the folder.
  Result<std::string> ReadIncluded(const std::string& path);

 private:
  Result<std::string> ReadAll(const std::string& path);

  std::string path_;
  size_t bytes_ = 0;  // read so far
};

}  // namespace signpost::dns
