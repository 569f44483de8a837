// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/wait_queue.h"

#include <algorithm>
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
  while (!lines_.empty()) Remove(*lines_.back().waiters.front());
  if (gone_ != nullptr) *gone_ = true;
}

bool WaitQueue::Enter(Waiter& waiter, uint32_t limit, Millis timeout) {
  if (size_ >= limit) return false;
  waiter.Leave();
  waiter.number_ = ++entered_;
  waiter.until_ = reactor_.loop().Now() + timeout;
  Insert(waiter);
  state_->queued.fetch_add(1, std::memory_order_relaxed);
  if (!timer_.running()) timer_.Start(kTick);
  return true;
}

void WaitQueue::SlotFreed() {
  if (size_ > 0) timer_.Start(Millis(0));
}

void WaitQueue::Look() {
  bool gone = false;
  gone_ = &gone;
  DropLate(gone);
  if (!gone) Serve(gone);
  if (gone) return;
  gone_ = nullptr;
  if (size_ > 0 && !timer_.running()) timer_.Start(kTick);
}

Waiter* WaitQueue::FirstLate() const {
  const Millis now = reactor_.loop().Now();
  for (const Line& line : lines_) {
    if (line.waiters.front()->until_ <= now) return line.waiters.front();
  }
  return nullptr;
}

void WaitQueue::DropLate(const bool& gone) {
  while (Waiter* const late = FirstLate()) {
    Remove(*late);
    state_->queue_timeouts.fetch_add(1, std::memory_order_relaxed);
    late->OnQueueTimeout();
    if (gone) return;
  }
}

Waiter* WaitQueue::FirstToTry() const {
  Waiter* first = nullptr;
  for (const Line& line : lines_) {
    if (line.full) continue;
    Waiter* const one = line.waiters.front();
    if (first == nullptr || one->number_ < first->number_) first = one;
  }
  return first;
}

void WaitQueue::Serve(const bool& gone) {
  for (Line& line : lines_) line.full = false;
  // No more than wait now: who is served may free a slot at once and come back.
  for (size_t left = size_; left > 0; --left) {
    Waiter* const first = FirstToTry();
    if (first == nullptr) return;
    Remove(*first);
    const bool served = first->TryAgain();
    if (gone) return;
    if (served) continue;
    Insert(*first);
    LineOf(first->line_).full = true;
  }
}

WaitQueue::Line& WaitQueue::LineOf(int id) {
  const auto known = std::find(ids_.begin(), ids_.end(), id);
  if (known != ids_.end()) return lines_[static_cast<size_t>(known - ids_.begin())];
  ids_.push_back(id);
  return lines_.emplace_back();
}

void WaitQueue::Insert(Waiter& waiter) {
  std::list<Waiter*>& line = LineOf(waiter.line_).waiters;
  auto before = line.end();
  if (!line.empty() && line.back()->number_ > waiter.number_) {
    before = std::find_if(line.begin(), line.end(), [&](Waiter* other) { return other->number_ > waiter.number_; });
  }
  waiter.place_ = line.insert(before, &waiter);
  waiter.queue_ = this;
  ++size_;
  state_->waiting.fetch_add(1, std::memory_order_relaxed);
}

void WaitQueue::Remove(Waiter& waiter) {
  Line& line = LineOf(waiter.line_);
  line.waiters.erase(waiter.place_);
  waiter.queue_ = nullptr;
  --size_;
  state_->waiting.fetch_sub(1, std::memory_order_relaxed);
  if (!line.waiters.empty()) return;
  ids_.erase(ids_.begin() + (&line - lines_.data()));
  lines_.erase(lines_.begin() + (&line - lines_.data()));
}

}  // namespace signpost::lb
