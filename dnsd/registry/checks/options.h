// Signpost. Apache-2.0; see LICENSE.
// What the operator decides about the checks that this program runs, and what it can see of them.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/clock.h"
#include "common/base/metrics.h"

namespace signpost::registry {

struct CheckOptions {
  // Scripts, and commands in containers: whoever may register a check may then run programs. Without it such checks
  // are critical and say why.
  bool enable_scripts = false;
  // Runs on their way at once; the rest waits its turn, the longest waiting first.
  size_t max_running = 64;
  // Where Docker checks go: "unix:///path", "tcp://host:port", "http://..." or "https://...".
  std::string docker_url = "unix:///var/run/docker.sock";
  // Shorter intervals are stretched to this, as Consul does.
  Millis min_interval{1000};
};

// Written on the scheduler's thread.
struct CheckCounters {
  Counter started;
  Counter finished;
  Counter late;       // started more than a second after their time: more is asked for than max_running allows
  Counter cancelled;  // removed or replaced while they ran
  Counter ttl_expired;
};

}  // namespace signpost::registry
