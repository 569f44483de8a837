// Signpost. Apache-2.0; see LICENSE.
// A thread that commits for an event loop. What is submitted while a commit is under way goes into the next one
// together (group commit): a sync of the disk serves all of it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/net/loop.h"
#include "dnsd/registry/storage/store.h"

namespace signpost::registry {

// As Store::Commit. `index` is the newest index given out; changes and settings may be empty.
struct Batch {
  std::vector<RowChange> changes;
  uint64_t index = 0;
  Settings settings;
};

class StoreThread {
 public:
  using Done = std::function<void(const Status&)>;

  // `loop` must outlive this object, which is used on the loop's thread only.
  StoreThread(net::Loop& loop, std::unique_ptr<Store> store);
  // Commits what is queued, then ends the thread and closes the store: blocks for a commit or two. No `done` runs after
  // it; those that have not run are destroyed.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // `done` runs on the loop, in the order of the calls and never inside one. Batches that share a commit share its
  // failure. The rows' last references may go on the other thread.
  void Submit(Batch batch, Done done);

  // See Store.
  uint64_t index_ceiling() const { return store_->index_ceiling(); }

 private:
  struct Job {
    Batch batch;
    Done done;
  };
  using Jobs = std::vector<Job>;

  void Work();
  // Empty: nothing will come any more.
  Jobs TakeJobs();
  Status CommitAll(Jobs& jobs);
  void Answer(Jobs jobs, Status status);

  net::Loop& loop_;
  const std::unique_ptr<Store> store_;
  // False once destroyed; on the loop's thread only.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  std::mutex mutex_;
  std::condition_variable wake_;
  Jobs queue_;         // under mutex_
  bool stop_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace signpost::registry
