// Signpost. Apache-2.0; see LICENSE.
// The last known services on disk, for a start while Consul or DNS is away (case D33).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/net/loop.h"

namespace signpost::lb {

struct Snapshot {
  Nanos saved{0};     // wall clock
  std::string state;  // JSON of Publisher::SaveSnapshot
};

// The file's text and back. kInvalid says what is wrong with it: another format, cut off, or changed by hand.
std::string WrapSnapshot(const Snapshot& snapshot);
Result<Snapshot> UnwrapSnapshot(std::string_view text);

// kNotFound when there is no such file. At most 1 GiB.
Result<Snapshot> LoadSnapshot(const std::string& path);
// Replaces the file as a whole: whoever reads it gets the old or the new one.
Status SaveSnapshot(const std::string& path, const Snapshot& snapshot);

// Writes snapshots on a thread of its own, one at a time. Control thread.
class SnapshotWriter {
 public:
  SnapshotWriter(net::Loop& loop, std::string path);
  ~SnapshotWriter();  // waits for the one under way
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // Nothing while one is under way. A state equal to the last one is written once an hour, so that its age is known.
  void Write(std::string state, Nanos wall);
  // Now, on this thread: the last act of a stop.
  void WriteLast(std::string state, Nanos wall);

 private:
  bool IsNews(const std::string& state, Nanos wall) const;

  net::Loop& loop_;
  const std::string path_;
  std::string written_;
  Nanos written_at_{0};
  bool writing_ = false;
  std::thread thread_;
  NeighbourLog log_{"the snapshot file"};
};

}  // namespace signpost::lb
