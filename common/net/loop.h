// Signpost. Apache-2.0; see LICENSE.
// One event loop per thread. Objects of this folder belong to one loop and are used, created and
// destroyed on its thread only (or before Run and after it returned); they assert that.
// Destroying an object starts the close; its memory goes in the loop's close callback, so no
// callback of a destroyed object ever runs.
#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"

namespace signpost::net {

class Loop {
 public:
  Loop();
  ~Loop();  // after Run returned, or if it never ran
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs on the calling thread, which becomes the loop's own, until Stop.
  void Run();
  // Any thread. Run returns after the current turn.
  void Stop();
  // Any thread. `task` runs on the loop's thread, in posting order. Tasks still waiting when the
  // loop ends are destroyed without being run.
  void Post(std::function<void()> task);

  // Time cached at the start of this turn; monotonic.
  Millis Now() const;
  // Aborts unless called from the loop's thread (or while the loop is not running).
  void AssertInLoop() const;

  struct Impl;
  Impl& impl() { return *impl_; }  // for this folder only

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
