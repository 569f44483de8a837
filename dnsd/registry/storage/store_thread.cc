// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/store_thread.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace signpost::registry {

StoreThread::StoreThread(net::Loop& loop, std::unique_ptr<Store> store)
    : loop_(loop), store_(std::move(store)), thread_([this] { Work(); }) {}

StoreThread::~StoreThread() {
  loop_.AssertInLoop();
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StoreThread::Submit(Batch batch, Done done) {
  loop_.AssertInLoop();
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(batch), std::move(done)});
  }
  wake_.notify_one();
}

void StoreThread::Work() {
  for (Jobs jobs = TakeJobs(); !jobs.empty(); jobs = TakeJobs()) {
    Status status = CommitAll(jobs);
    Answer(std::move(jobs), std::move(status));
  }
}

StoreThread::Jobs StoreThread::TakeJobs() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  return std::exchange(queue_, {});
}

Status StoreThread::CommitAll(Jobs& jobs) {
  Batch all = std::move(jobs.front().batch);
  for (auto job = jobs.begin() + 1; job != jobs.end(); ++job) {
    std::move(job->batch.changes.begin(), job->batch.changes.end(), std::back_inserter(all.changes));
    for (auto& [name, value] : job->batch.settings) all.settings[name] = std::move(value);
    all.index = std::max(all.index, job->batch.index);
  }
  return store_->Commit(all.changes, all.index, all.settings);
}

void StoreThread::Answer(Jobs jobs, Status status) {
  // Shared because a posted task is copyable and a Job's captures should not be copied.
  auto answered = std::make_shared<Jobs>(std::move(jobs));
  loop_.Post([alive = alive_, answered = std::move(answered), status = std::move(status)] {
    for (const Job& job : *answered) {
      if (*alive && job.done) job.done(status);  // any of them may destroy the StoreThread
    }
  });
}

}  // namespace signpost::registry
