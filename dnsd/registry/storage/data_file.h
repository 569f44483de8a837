// Signpost. Apache-2.0; see LICENSE.
// What is looked at before SQLite comes near a file, so that a file that is not ours is never touched.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace signpost::registry {

inline constexpr uint32_t kApplicationId = 0x53676e70;  // "Sgnp"
inline constexpr uint32_t kSchemaVersion = 1;

// Holds the directory of a database until destroyed, against other processes and other holders in this one. The kernel
// lets go of it when the process ends, however it ends.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;

  // kUnavailable: another dnsd has it. kConfig: there is no such directory, or it cannot be written to.
  static Result<DirectoryLock> Take(const std::string& database_path);

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

enum class DataFile : unsigned char {
  kNew,   // absent or empty
  kOurs,  // says so in its header; the rest may be damaged
};

// Reads the file's header. kConfig: not a file, or not writable. kInvalid: no SQLite database, another program's, of a
// newer version, or missing while its write-ahead log is there. Call only while holding the lock: closing the
// file drops the locks that SQLite of this process has on it.
Result<DataFile> Inspect(const std::string& path);

// The sentence for a database with schema `version`, which is higher than kSchemaVersion.
Status TooNew(const std::string& path, int64_t version);

// An empty file that only its owner can read; that it is there already is no error.
Status CreateFile(const std::string& path);

// The write-ahead log of `path` is there and holds something.
bool HasLog(const std::string& path);

}  // namespace signpost::registry
