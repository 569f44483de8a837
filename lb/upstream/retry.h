// Signpost. Apache-2.0; see LICENSE.
// Whether a failed attempt is tried again, and where. Pure, but for the budget, which threads share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "common/base/clock.h"
#include "lb/pool/settings.h"

namespace signpost::lb {

enum class AttemptFailure : unsigned char {
  kConnect,  // refused, unreachable, connect_timeout: nothing was sent
  kLimit,    // no descriptor or memory left on this host: nothing was sent, and no other endpoint would fare better
  kStale,    // a pooled connection was closed before any byte of an answer
  kError,    // reset or closed before a complete head
  kTimeout,  // no head within read_timeout
  kInvalidHeader,
  kStatus,  // a complete head with a status
};

struct AttemptFacts {
  AttemptFailure failure = AttemptFailure::kConnect;
  int status = 0;             // kStatus
  uint32_t attempt = 1;       // this one's number; those on stale connections count
  bool request_sent = false;  // any byte of it
  bool body_lost = false;     // body bytes were sent, by this attempt or one before, that are not kept for replay
  bool answer_begun = false;  // the client has got bytes of the answer
  bool client_gone = false;
  std::string_view method;
  Millis elapsed{0};        // since the first attempt
  uint32_t endpoints = 1;   // of the pool
  bool stale_used = false;  // a stale connection was replaced once in this request already
};

enum class RetryStep : unsigned char {
  kGiveUp,
  kElsewhere,  // another endpoint; needs the budget
  kFresh,      // the same or another endpoint by a new connection; free, once
};

// Whether the failure counts against the endpoint (max_fails). A stale connection does not: to close one that is idle
// is anybody's right; nor does what happened after the client went, nor what we lack ourselves.
bool CountsAsFailure(const AttemptFacts& facts, const RetryOn& retry_on);
// By attempts (0 = as many as there are endpoints) and attempts_timeout (0 = none). A stale connection allows one
// attempt more.
RetryStep NextStep(const AttemptFacts& facts, const ServiceSettings& settings);
// What the client gets when nothing is left: 502, 503 or 504.
int FinalStatus(AttemptFailure failure);

// Retries are at most `percent` of the requests of the last 10 s, but 10 a second always may; 0 percent = none. Any
// thread; `now` is of one monotonic clock. Threads that ask at once may each get the last one. Workers have one each,
// so that a service may have 10 a second per worker whatever its load.
class RetryBudget {
 public:
  void CountRequest(Millis now);
  // True when the retry may be made; it is counted then.
  bool TryRetry(Millis now, uint32_t percent);

 private:
  static constexpr int kSeconds = 10;
  struct Second {
    std::atomic<int64_t> second = -1;
    std::atomic<uint32_t> requests = 0;
    std::atomic<uint32_t> retries = 0;
  };
  Second& At(Millis now);
  Second seconds_[kSeconds];
};

}  // namespace signpost::lb
