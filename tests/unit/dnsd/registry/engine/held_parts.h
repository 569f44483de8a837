// Signpost. Apache-2.0; see LICENSE.
// A storage and a zone that take their time: a test says when they are done, and how it went.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "dnsd/registry/model/state.h"
#include "tests/unit/dnsd/feed/recording_sink.h"

namespace signpost::registry {

inline const Status kDiskFull = Status(ErrorKind::kSystem, "the disk is full");

class HeldStore {
 public:
  using Done = std::function<void(const Status&)>;
  struct Batch {
    std::vector<RowChange> changes;
    uint64_t index = 0;
    Done done;
  };

  auto Function() {
    return [this](std::vector<RowChange> changes, uint64_t index, Done done) {
      batches.push_back({std::move(changes), index, std::move(done)});
      if (answers_at_once) Answer(at_once);
    };
  }
  void Answer(const Status& status) {
    const Batch batch = std::move(batches.front());
    batches.pop_front();
    ++answered;
    batch.done(status);
  }
  void AnswerAtOnce(const Status& status) {
    answers_at_once = true;
    at_once = status;
  }
  // Keys of what waits to be written, batch by batch.
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const Batch& batch : batches) {
      std::string joined;
      for (const RowChange& change : batch.changes) joined += (joined.empty() ? "" : " ") + change.key;
      keys.push_back(joined);
    }
    return keys;
  }

  std::deque<Batch> batches;
  int answered = 0;
  bool answers_at_once = false;
  Status at_once;
};

class HeldSink final : public feed::RecordingSink {
 public:
  void Settle(std::function<void()> done) override {
    if (!hold) return done();
    held.push_back(std::move(done));
  }
  void Release() {
    for (const auto& done : std::exchange(held, {})) done();
  }

  bool hold = false;
  std::vector<std::function<void()>> held;
};

// Stands still but for what a test adds; the wall clock jumps whenever it likes.
class StillClock final : public Clock {
 public:
  Nanos Monotonic() const override { return now; }
  Nanos Wall() const override { return wall; }
  Nanos now = std::chrono::seconds(1000);
  Nanos wall{0};
};

}  // namespace signpost::registry
