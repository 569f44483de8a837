// Signpost. Apache-2.0; see LICENSE.
// From a change of the state to the moment when it counts: written to storage, then answered by DNS, then told to those
// who wait. Changes that come while others are on their way gather and go together. What storage refuses is taken
// back. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/net/timer.h"
#include "dnsd/registry/engine/watch_hub.h"
#include "dnsd/registry/engine/zone_feed.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

class CommitQueue {
 public:
  using Done = std::function<void(const Status&)>;
  // Calls its Done once, later or at once.
  using Store = std::function<void(std::vector<RowChange> changes, uint64_t index, Done done)>;

  // All outlive the queue. An empty `store` takes everything. `on_changed` is told after changes were taken back, with
  // what they were, and after they were made anew.
  CommitQueue(net::Loop& loop, State& state, ZoneFeed& zone, WatchHub& watches, Store store,
              std::function<void(const Journal&)> on_changed);
  ~CommitQueue();
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  // Takes the state's journal. `done`, which may be empty, is called when what it holds counts, or was taken back.
  void Commit(Journal journal, Done done);
  // For what has nobody who waits for it, such as the result of a health check: it counts even while storage fails, and
  // is stored when storage works again. `redo` makes the change anew after an undo; it takes the place of an earlier
  // one under the same name.
  void CommitSoft(Journal journal, const std::string& name, std::function<void()> redo);
  // When all that the state holds now counts; at once if it does already.
  void WhenSettled(Done done);

  bool failing() const { return failing_; }
  // Asks storage, with nothing to store, whether it works again.
  void Probe();
  // Whether an index is left for taking a refused batch back. While none is, storage is only probed.
  void SetHasIndex(std::function<bool()> has_index) { has_index_ = std::move(has_index); }

 private:
  struct Batch {
    std::vector<RowChange> changes;
    std::set<Topic> touched;
    std::vector<Done> dones;
    std::map<std::string, std::function<void()>> soft;
    bool empty() const { return changes.empty() && dones.empty(); }
  };

  void Gather(Journal journal);
  void Start();
  void Retry();
  void OnStored(const Status& status);
  void OnProbed(const Status& status);
  void Tell();
  void OnSettled();
  void TakeBack(const Status& status);
  void Announce(std::set<Topic> touched);

  State& state_;
  ZoneFeed& zone_;
  WatchHub& watches_;
  const Store store_;
  const std::function<void(const Journal&)> on_changed_;
  net::Timer retry_;
  Random random_;
  Backoff backoff_;
  Batch next_;
  Batch current_;
  std::function<bool()> has_index_;
  bool busy_ = false;     // `current_` is on its way
  bool probing_ = false;  // an empty batch is, beside it
  bool failing_ = false;  // storage refused the last batch
  NeighbourLog log_{"the registry's database"};
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace signpost::registry
