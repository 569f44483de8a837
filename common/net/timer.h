// Signpost. Apache-2.0; see LICENSE.
// A restartable timer on a loop.
#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"
#include "common/net/loop.h"

namespace signpost::net {

class Timer {
 public:
  // `on_fire` runs on the loop's thread; it may restart, stop or destroy the timer.
  Timer(Loop& loop, std::function<void()> on_fire);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Fires once after `delay`, from inside a timer's `on_fire` at the earliest 1 ms later, so that sockets and tasks get
  // their turn; a running timer is moved.
  void Start(Millis delay);
  // Fires every `period`, first after one period.
  void StartPeriodic(Millis period);
  void Stop();
  bool running() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
