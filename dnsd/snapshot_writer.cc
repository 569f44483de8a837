// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/snapshot_writer.h"

#include <algorithm>
#include <utility>

namespace signpost::dnsd {
namespace {

// The first complete catalog is saved about this soon, so that a restart right after the start has something to serve.
constexpr Millis kFirst{1000};

}  // namespace

SnapshotWriter::SnapshotWriter(net::Loop& loop, std::string path, Millis interval, const feed::ConsulFeed& feed)
    : loop_(loop), path_(std::move(path)), interval_(interval), feed_(feed), timer_(loop, [this] { WriteSoon(); }) {
  timer_.StartPeriodic(std::min(interval, kFirst));
}

SnapshotWriter::~SnapshotWriter() {
  if (thread_.joinable()) thread_.join();
}

// The objects are immutable, so copying pointers is all that the event loop has to do.
std::optional<catalog::Snapshot> SnapshotWriter::Take() {
  const feed::FeedStatus status = feed_.status();
  if (status.freshness != catalog::Freshness::kFresh || status.changes == written_changes_) return std::nullopt;
  written_changes_ = status.changes;
  return feed_.Collect();
}

void SnapshotWriter::WriteSoon() {
  if (writing_) return;
  auto snapshot = Take();
  if (!snapshot) return;
  timer_.StartPeriodic(interval_);
  if (thread_.joinable()) thread_.join();
  writing_ = true;
  thread_ = std::thread([this, snapshot = std::move(*snapshot)] {
    const Status status = catalog::SaveSnapshot(path_, snapshot);
    loop_.Post([this, status] {
      writing_ = false;
      if (!status.ok()) written_changes_ = 0;  // try again at the next tick
      log_.Report(status);
    });
  });
}

void SnapshotWriter::WriteLast() {
  if (thread_.joinable()) thread_.join();
  const auto snapshot = Take();
  if (!snapshot) return;
  if (const Status status = catalog::SaveSnapshot(path_, *snapshot); !status.ok()) LogWarn(status.text());
}

}  // namespace signpost::dnsd
