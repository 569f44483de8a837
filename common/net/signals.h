// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "common/net/loop.h"

namespace signpost::net {

// Calls `on_signal` on the loop's thread each time the process gets `signal_number`.
class SignalWatcher {
 public:
  SignalWatcher(Loop& loop, int signal_number, std::function<void()> on_signal);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// From now on these signals wait, for ever: for a program that has done what they ask for and only has to end. A second
// SIGTERM in that moment, when nobody watches any more, would end it with a failure. The calling thread must be the
// only one.
void HoldSignals(std::initializer_list<int> numbers);

}  // namespace signpost::net
