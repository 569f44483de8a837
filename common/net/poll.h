// Signpost. Apache-2.0; see LICENSE.
// Readiness of a file descriptor that somebody else owns (our UDP sockets, libcurl's sockets).
#pragma once

#include <functional>
#include <memory>

#include "common/net/loop.h"

namespace signpost::net {

enum PollEvents : unsigned { kReadable = 1, kWritable = 2 };

class Poll {
 public:
  // `fd` must stay open until this object is destroyed. `on_ready` gets the PollEvents that are
  // ready (both after an error on the descriptor) and may destroy this object.
  Poll(Loop& loop, int fd, std::function<void(unsigned events)> on_ready);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // Level-triggered. Replaces the events asked for before; 0 pauses.
  void Start(unsigned events);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
