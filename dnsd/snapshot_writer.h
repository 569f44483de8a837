// Signpost. Apache-2.0; see LICENSE.
// Writes the catalog to disk now and then, off the event loop. Control thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/catalog/snapshot_file.h"
#include "dnsd/feed/consul_feed.h"

namespace signpost::dnsd {

class SnapshotWriter {
 public:
  // Writes `path` as soon as the catalog is complete, then every `interval` if anything changed, as long as the catalog
  // is fresh: what is on disk was true once.
  SnapshotWriter(net::Loop& loop, std::string path, Millis interval, const feed::ConsulFeed& feed);
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // Writes now and waits for it: the last act of a graceful stop.
  void WriteLast();

 private:
  void WriteSoon();
  // Collects what there is to write; nothing when the file would say the same, or the catalog is not fresh.
  std::optional<catalog::Snapshot> Take();

  net::Loop& loop_;
  const std::string path_;
  const Millis interval_;
  const feed::ConsulFeed& feed_;
  net::Timer timer_;
  uint64_t written_changes_ = 0;
  bool writing_ = false;
  std::thread thread_;
  NeighbourLog log_{"the snapshot file"};
};

}  // namespace signpost::dnsd
