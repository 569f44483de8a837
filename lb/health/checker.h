// Signpost. Apache-2.0; see LICENSE.
// Active checks: a TCP connect or an HTTP GET per endpoint and interval, jittered, one at a time per endpoint; down
// after `fall` failures, up after `rise` successes (case F17). Control thread.
#pragma once

#include <memory>

#include "common/net/loop.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

struct CheckCounters {
  uint64_t passed = 0, failed = 0;
  size_t endpoints = 0;  // checked now
};

class Checker {
 public:
  explicit Checker(net::Loop& loop);
  ~Checker();
  // Checks the members of the pools whose settings ask for it, from now on. Endpoints that stay keep their counts.
  void Follow(const std::vector<std::shared_ptr<const Pool>>& pools);
  CheckCounters counters() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::lb
