// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/watch_rules.h"

#include <algorithm>
#include <cmath>

namespace signpost::consul {
namespace {

AgentError ErrorOf(const AgentReply& reply, Millis max_last_contact) {
  if (reply.error != AgentError::kNone) return reply.error;
  if (reply.index == 0) return AgentError::kBadReply;
  if (!reply.known_leader || reply.last_contact > max_last_contact) return AgentError::kNoLeader;
  return AgentError::kNone;
}

}  // namespace

WatchStep NextStep(const WatchPosition& last, const AgentReply& reply, size_t body_hash, Millis max_last_contact) {
  WatchStep step;
  step.error = ErrorOf(reply, max_last_contact);
  if (step.error != AgentError::kNone) {
    step.next = last;
    step.next.index = 0;
    return step;
  }
  step.changed = !last.has_body || last.body_hash != body_hash;
  step.advanced = reply.index != last.index;
  step.next = {reply.index < last.index ? 0 : reply.index, true, body_hash};
  return step;
}

Millis BlockingTimeout(Millis wait) { return wait + wait / 16 + Millis(10000); }

void TokenBucket::Refill(Millis now) {
  if (now > last_) {
    const double gained = static_cast<double>((now - last_).count()) * per_second_ / 1000.0;
    tokens_ = std::min(burst_, tokens_ + gained);
  }
  last_ = now;
}

Millis TokenBucket::Take(Millis now) {
  Refill(now);
  tokens_ -= 1;
  return tokens_ >= 0 ? Millis(0) : Millis(static_cast<int64_t>(std::ceil(-tokens_ * 1000.0 / per_second_)));
}

bool TokenBucket::TryTake(Millis now) {
  Refill(now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Millis TokenBucket::WaitTime(Millis now) {
  Refill(now);
  return tokens_ >= 1 ? Millis(0) : Millis(static_cast<int64_t>(std::ceil((1 - tokens_) * 1000.0 / per_second_)));
}

}  // namespace signpost::consul
