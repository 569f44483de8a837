// Signpost. Apache-2.0; see LICENSE.
// The data path's side of a loop: stream sockets that are registered with the kernel once, edge-triggered, and cost
// no system call to pause or resume; and their deadlines. A loop that has a reactor waits in the reactor's epoll, with
// libuv's own beneath it, so that timers, Post and everything else of this folder go on working on that loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/base/clock.h"
#include "common/net/deadline.h"
#include "common/net/loop.h"

namespace signpost::net {

class StreamSocket;

class Reactor {
 public:
  // Before loop.Run. At most one per loop; outlives every socket and acceptor made with it, is destroyed before the
  // loop and after Run.
  explicit Reactor(Loop& loop);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Loop& loop() const;
  // Monotonic, cached once per turn: as fresh as the events being handled.
  Nanos Now() const;
  // Fires OnDeadline not before `after` and on an idle machine at most an eighth of it late, never more than about
  // 20 ms. Arming an armed deadline moves it. Few different durations are in use (they come from the configuration);
  // each has its own list.
  void Arm(Deadline& deadline, Millis after);
  // 64 KiB that everything on this loop reads into, one after the other: an idle connection owns no buffer. What must
  // outlive the present callback is copied out of it.
  std::span<uint8_t> Slab();

  struct Impl;
  Impl& impl() { return *impl_; }  // for this folder only

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
