// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <functional>
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

}  // namespace signpost::net
