// Signpost. Apache-2.0; see LICENSE.
// What is remembered of a TCP session for the access log.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "lb/balance/balancer.h"
#include "lb/session/access_record.h"

namespace signpost::lb {

struct TcpStory {
  std::string service;
  std::string version;
  std::shared_ptr<Endpoint> endpoint;  // the last one tried
  uint32_t attempts = 0;
  Nanos connect{-1};

  // An attempt begins.
  void Tell(const Pick& pick, const Pool& pool);
  // Its views are of this story. What is not of it is left at its default.
  AccessRecord Record() const;
};

}  // namespace signpost::lb
