// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/wait_queue.h"

#include <utility>

namespace signpost::lb {
namespace {

constexpr Millis kTick{5};

}  // namespace

Waiter::~Waiter() { Leave(); }

void Waiter::Leave() {
  if (queue_ != nullptr) queue_->Remove(*this);
}

WaitQueue::WaitQueue(net::Reactor& reactor, std::shared_ptr<PoolState> state)
    : reactor_(reactor), state_(std::move(state)), timer_(reactor.loop(), [this] { Look(); }) {}

WaitQueue::~WaitQueue() {
  while (!waiters_.empty()) Remove(*waiters_.front());
  if (gone_ != nullptr) *gone_ = true;
}

bool WaitQueue::Enter(Waiter& waiter, uint32_t limit, Millis timeout) {
  if (waiters_.size() >= limit) return false;
  waiter.Leave();
  waiter.place_ = waiters_.insert(waiters_.end(), &waiter);
  waiter.queue_ = this;
  waiter.until_ = reactor_.loop().Now() + timeout;
  state_->queued.fetch_add(1, std::memory_order_relaxed);
  state_->waiting.fetch_add(1, std::memory_order_relaxed);
  if (!timer_.running()) timer_.Start(kTick);
  return true;
}

void WaitQueue::SlotFreed() {
  if (!waiters_.empty()) timer_.Start(Millis(0));
}

void WaitQueue::Look() {
  bool gone = false;
  gone_ = &gone;
  DropLate(gone);
  if (!gone) ServeFirst(gone);
  if (gone) return;
  gone_ = nullptr;
  if (!waiters_.empty() && !timer_.running()) timer_.Start(kTick);
}

void WaitQueue::DropLate(const bool& gone) {
  const Millis now = reactor_.loop().Now();
  while (!gone && !waiters_.empty() && waiters_.front()->until_ <= now) {
    Waiter* const late = waiters_.front();
    Remove(*late);
    state_->queue_timeouts.fetch_add(1, std::memory_order_relaxed);
    late->OnQueueTimeout();
  }
}

void WaitQueue::ServeFirst(const bool& gone) {
  // No more than wait now: who is served may free a slot at once and come back.
  for (size_t left = waiters_.size(); left > 0; --left) {
    Waiter* const first = waiters_.front();
    Remove(*first);
    const bool served = first->TryAgain();
    if (gone) return;
    if (!served) {
      first->place_ = waiters_.insert(waiters_.begin(), first);
      first->queue_ = this;
      state_->waiting.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (waiters_.empty()) return;
  }
}

void WaitQueue::Remove(Waiter& waiter) {
  waiters_.erase(waiter.place_);
  waiter.queue_ = nullptr;
  state_->waiting.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace signpost::lb
