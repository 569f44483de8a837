// Signpost. Apache-2.0; see LICENSE.
// Requests that wait because every endpoint that they may use is at max_conns. One per service and thread. Those that
// want the same, such as one version, are in one line, which is FIFO and holds up no other. A slot that another thread
// frees is noticed within 5 ms. Everything on the loop's thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/net/reactor.h"
#include "common/net/timer.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

class Waiter {
 public:
  virtual ~Waiter();  // leaves the queue
  // A slot may be free: try again. True when it leaves the queue, whatever became of it (it may destroy itself); false
  // when no slot was free: it keeps its place among those of its line, which may be another one now. Called from the
  // loop, never from inside Enter or SlotFreed. It is not in the queue during the call, and may enter it only to
  // return true.
  virtual bool TryAgain() = 0;
  // queue_timeout has passed; it has left the queue. It may destroy itself.
  virtual void OnQueueTimeout() = 0;
  bool waiting() const { return queue_ != nullptr; }
  void Leave();
  // For the next Enter, or within TryAgain.
  void WaitIn(int line) { line_ = line; }

 private:
  friend class WaitQueue;
  class WaitQueue* queue_ = nullptr;
  int line_ = 0;
  std::list<Waiter*>::iterator place_;
  uint64_t number_ = 0;
  Millis until_{0};
};

class WaitQueue {
 public:
  WaitQueue(net::Reactor& reactor, std::shared_ptr<PoolState> state);
  // Who still waits has left; nobody is called. May be destroyed inside a waiter's call.
  ~WaitQueue();
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  // At the end of its line. False when `limit` wait already, in all lines together. Who comes later should not wait for
  // less long: timeouts are looked at in the order of the line.
  bool Enter(Waiter& waiter, uint32_t limit, Millis timeout);
  // This thread freed a slot: on the next turn the first of each line is tried, who waits longest first, and the next
  // of its line when it left.
  void SlotFreed();
  size_t size() const { return size_; }
  // In which somebody waits. Valid until the next call, or turn of the loop.
  std::span<const int> lines() const { return ids_; }

 private:
  friend class Waiter;
  struct Line {
    std::list<Waiter*> waiters;  // never empty
    bool full = false;           // its first was tried in this turn, and stays
  };
  void Look();
  void DropLate(const bool& gone);
  void Serve(const bool& gone);
  Waiter* FirstLate() const;
  Waiter* FirstToTry() const;
  Line& LineOf(int id);
  // By its number: the last, or where it was.
  void Insert(Waiter& waiter);
  void Remove(Waiter& waiter);

  net::Reactor& reactor_;
  std::shared_ptr<PoolState> state_;
  std::vector<Line> lines_;  // few
  std::vector<int> ids_;     // of the lines, by the same index
  size_t size_ = 0;
  uint64_t entered_ = 0;
  bool* gone_ = nullptr;  // set while waiters are called: becomes true when they destroy the queue
  net::Timer timer_;      // a deadline of the reactor is too coarse
};

}  // namespace signpost::lb
