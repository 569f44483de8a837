// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/commit_queue.h"

#include <utility>

namespace signpost::registry {
namespace {

// While storage fails and nobody waits for an answer, it is tried again after so long, then ever less often: every try
// uses up indexes.
constexpr Millis kFirstRetry{1000};
constexpr Millis kLongestRetry{60000};

}  // namespace

CommitQueue::CommitQueue(net::Loop& loop, State& state, ZoneFeed& zone, WatchHub& watches, Store store,
                         std::function<void(const Journal&)> on_changed)
    : state_(state),
      zone_(zone),
      watches_(watches),
      store_(std::move(store)),
      on_changed_(std::move(on_changed)),
      retry_(loop, [this] { Retry(); }),
      random_(RandomSeed()),
      backoff_(kFirstRetry, kLongestRetry) {}

CommitQueue::~CommitQueue() = default;

void CommitQueue::Gather(Journal journal) {
  next_.changes.insert(next_.changes.end(), std::make_move_iterator(journal.changes.begin()),
                       std::make_move_iterator(journal.changes.end()));
  next_.touched.merge(journal.touched);
}

void CommitQueue::Commit(Journal journal, Done done) {
  if (journal.changes.empty() && journal.touched.empty()) return WhenSettled(std::move(done));
  Gather(std::move(journal));
  if (done) next_.dones.push_back(std::move(done));
  if (!busy_) Start();
}

void CommitQueue::CommitSoft(Journal journal, const std::string& name, std::function<void()> redo) {
  next_.soft[name] = std::move(redo);
  // While a batch is on its way the state holds what may yet be refused: nothing of it must be told.
  if (!failing_ || busy_) return Commit(std::move(journal), {});
  const std::set<Topic> touched = journal.touched;
  Gather(std::move(journal));
  Announce(touched);
  if (!retry_.running()) retry_.Start(backoff_.Next(random_));
}

void CommitQueue::WhenSettled(Done done) {
  if (!done) return;
  // While storage fails, what waits for it to work again counts already; on the way it may yet be refused.
  const bool in_next = busy_ ? !next_.empty() : !next_.dones.empty() || (!failing_ && !next_.changes.empty());
  if (in_next) {
    next_.dones.push_back(std::move(done));
  } else if (busy_) {
    current_.dones.push_back(std::move(done));
  } else {
    done(Status::Ok());
  }
}

void CommitQueue::Start() {
  current_ = std::exchange(next_, {});
  busy_ = true;
  retry_.Stop();
  if (!store_ || current_.changes.empty()) return Tell();
  store_(current_.changes, state_.index(), [this, alive = std::weak_ptr(alive_)](const Status& status) {
    if (!alive.expired()) OnStored(status);
  });
}

void CommitQueue::Probe() {
  if (busy_ || probing_ || !store_) return;
  probing_ = true;
  store_({}, state_.index(), [this, alive = std::weak_ptr(alive_)](const Status& status) {
    if (!alive.expired()) OnProbed(status);
  });
}

// Taking back what is refused would need an index.
void CommitQueue::Retry() {
  if (busy_ || next_.empty()) return;
  if (!has_index_ || has_index_()) return Start();
  Probe();
}

// Nothing was on its way with it, so nothing is to be taken back.
void CommitQueue::OnProbed(const Status& status) {
  probing_ = false;
  log_.Report(status);
  failing_ = !status.ok();
  if (busy_ || next_.empty()) return;
  if (!failing_) return Start();
  if (!retry_.running()) retry_.Start(backoff_.Next(random_));
}

void CommitQueue::OnStored(const Status& status) {
  log_.Report(status);
  failing_ = !status.ok();
  if (failing_) return TakeBack(status);
  backoff_.Reset();
  Tell();
}

void CommitQueue::Tell() {
  zone_.Publish(current_.touched);
  zone_.Settle([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) OnSettled();
  });
}

void CommitQueue::OnSettled() {
  const Batch settled = std::exchange(current_, {});
  busy_ = false;
  if (!next_.empty()) Start();
  for (const Done& done : settled.dones) done(Status::Ok());
  watches_.Wake(settled.touched);
}

// What came after the refused batch was made upon it, and goes with it.
void CommitQueue::TakeBack(const Status& status) {
  Batch refused = std::exchange(current_, {});
  busy_ = false;
  Batch later = std::exchange(next_, {});
  refused.changes.insert(refused.changes.end(), later.changes.begin(), later.changes.end());
  refused.dones.insert(refused.dones.end(), later.dones.begin(), later.dones.end());
  for (auto& [name, redo] : refused.soft) later.soft.try_emplace(name, std::move(redo));
  state_.Undo(refused.changes);
  on_changed_({.changes = std::move(refused.changes), .touched = {}, .lock_delays = {}});
  for (const auto& [name, redo] : later.soft) redo();  // with the index of the undo: retries must not use them up
  Journal journal = state_.TakeJournal();
  on_changed_(journal);
  next_.soft = std::move(later.soft);
  std::set<Topic> touched = journal.touched;
  touched.merge(refused.touched);  // events are no rows: they happened, whatever became of the rest
  touched.merge(later.touched);
  Gather(std::move(journal));
  Announce(touched);
  if (!next_.changes.empty()) retry_.Start(backoff_.Next(random_));
  for (const Done& done : refused.dones) done(status);
}

void CommitQueue::Announce(std::set<Topic> touched) {
  zone_.Publish(touched);
  zone_.Settle([this, touched = std::move(touched), alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) watches_.Wake(touched);
  });
}

}  // namespace signpost::registry
