// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/retry.h"

#include <algorithm>

namespace signpost::lb {
namespace {

constexpr uint32_t kAlwaysPerSecond = 10;

bool Listed(int status, const RetryOn& retry_on) {
  switch (status) {
    case 403:
      return retry_on.http_403;
    case 404:
      return retry_on.http_404;
    case 429:
      return retry_on.http_429;
    case 500:
      return retry_on.http_500;
    case 502:
      return retry_on.http_502;
    case 503:
      return retry_on.http_503;
    case 504:
      return retry_on.http_504;
    default:
      return false;
  }
}

bool MayRepeat(std::string_view method, const RetryOn& retry_on) {
  if (retry_on.non_idempotent) return true;
  if (method == "GET" || method == "HEAD" || method == "OPTIONS") return true;
  return retry_on.nginx && (method == "PUT" || method == "DELETE");
}

bool Wanted(const AttemptFacts& facts, const RetryOn& retry_on) {
  switch (facts.failure) {
    case AttemptFailure::kConnect:
      return true;
    case AttemptFailure::kStale:
    case AttemptFailure::kError:
      return retry_on.error;
    case AttemptFailure::kTimeout:
      return retry_on.timeout;
    case AttemptFailure::kInvalidHeader:
      return retry_on.invalid_header;
    case AttemptFailure::kStatus:
      return Listed(facts.status, retry_on);
    case AttemptFailure::kLimit:
      break;
  }
  return false;
}

}  // namespace

bool CountsAsFailure(const AttemptFacts& facts, const RetryOn& retry_on) {
  if (facts.client_gone || facts.failure == AttemptFailure::kStale) return false;
  if (facts.failure == AttemptFailure::kLimit) return false;
  if (facts.failure != AttemptFailure::kStatus) return true;
  return facts.status != 403 && facts.status != 404 && Listed(facts.status, retry_on);
}

RetryStep NextStep(const AttemptFacts& facts, const ServiceSettings& settings) {
  if (facts.client_gone || facts.answer_begun || facts.body_lost) return RetryStep::kGiveUp;
  if (settings.attempts_timeout > Millis(0) && facts.elapsed >= settings.attempts_timeout) return RetryStep::kGiveUp;
  const bool sent = facts.request_sent && facts.failure != AttemptFailure::kConnect;
  if (sent && !MayRepeat(facts.method, settings.retry_on)) return RetryStep::kGiveUp;
  if (facts.failure == AttemptFailure::kStale && !facts.stale_used) return RetryStep::kFresh;
  if (!Wanted(facts, settings.retry_on)) return RetryStep::kGiveUp;
  uint32_t most = facts.endpoints;
  if (settings.attempts > 0) most = std::min(most, settings.attempts);
  if (facts.stale_used) ++most;
  return facts.attempt < most ? RetryStep::kElsewhere : RetryStep::kGiveUp;
}

int FinalStatus(AttemptFailure failure) {
  if (failure == AttemptFailure::kLimit) return 503;
  return failure == AttemptFailure::kTimeout ? 504 : 502;
}

RetryBudget::Second& RetryBudget::At(Millis now) {
  const int64_t second = now.count() / 1000;
  Second& place = seconds_[second % kSeconds];
  int64_t before = place.second.load(std::memory_order_acquire);
  if (before < second && place.second.compare_exchange_strong(before, second, std::memory_order_acq_rel)) {
    place.requests.store(0, std::memory_order_relaxed);
    place.retries.store(0, std::memory_order_relaxed);
  }
  return place;
}

void RetryBudget::CountRequest(Millis now) { At(now).requests.fetch_add(1, std::memory_order_relaxed); }

bool RetryBudget::TryRetry(Millis now, uint32_t percent) {
  if (percent == 0) return false;
  Second& present = At(now);
  bool granted = present.retries.load(std::memory_order_relaxed) < kAlwaysPerSecond;
  if (!granted) {
    const int64_t first = now.count() / 1000 - kSeconds + 1;
    uint64_t requests = 0;
    uint64_t retries = 0;
    for (const Second& place : seconds_) {
      if (place.second.load(std::memory_order_acquire) < first) continue;
      requests += place.requests.load(std::memory_order_relaxed);
      retries += place.retries.load(std::memory_order_relaxed);
    }
    granted = (retries + 1) * 100 <= requests * percent;
  }
  if (granted) present.retries.fetch_add(1, std::memory_order_relaxed);
  return granted;
}

}  // namespace signpost::lb
