// Signpost. Apache-2.0; see LICENSE.
// Requests that wait because every endpoint of their service is at max_conns. One per service and thread, FIFO. A slot
// that another thread frees is noticed within 5 ms. Everything on the loop's thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "common/base/clock.h"
#include "common/net/reactor.h"
#include "common/net/timer.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

class Waiter {
 public:
  virtual ~Waiter();  // leaves the queue
  // A slot may be free: try again. True when it leaves the queue, whatever became of it (it may destroy itself); false
  // when no slot was free: it keeps its place. Called from the loop, never from inside Enter or SlotFreed. It is not in
  // the queue during the call, and must not enter it.
  virtual bool TryAgain() = 0;
  // queue_timeout has passed; it has left the queue. It may destroy itself.
  virtual void OnQueueTimeout() = 0;
  bool waiting() const { return queue_ != nullptr; }
  void Leave();

 private:
  friend class WaitQueue;
  class WaitQueue* queue_ = nullptr;
  std::list<Waiter*>::iterator place_;
  Millis until_{0};
};

class WaitQueue {
 public:
  WaitQueue(net::Reactor& reactor, std::shared_ptr<PoolState> state);
  // Who still waits has left; nobody is called. May be destroyed inside a waiter's call.
  ~WaitQueue();
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  // False when `limit` wait already. Who comes later should not wait for less long: timeouts are looked at in the order
  // of the queue.
  bool Enter(Waiter& waiter, uint32_t limit, Millis timeout);
  // This thread freed a slot: wakes the first on the next turn.
  void SlotFreed();
  size_t size() const { return waiters_.size(); }

 private:
  friend class Waiter;
  void Look();
  void DropLate(const bool& gone);
  void ServeFirst(const bool& gone);
  void Remove(Waiter& waiter);

  net::Reactor& reactor_;
  std::shared_ptr<PoolState> state_;
  std::list<Waiter*> waiters_;
  bool* gone_ = nullptr;  // set while waiters are called: becomes true when they destroy the queue
  net::Timer timer_;      // a deadline of the reactor is too coarse
};

}  // namespace signpost::lb
