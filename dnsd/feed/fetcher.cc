// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/fetcher.h"

#include <algorithm>
#include <utility>

namespace signpost::feed {
namespace {

using consul::AgentError;

constexpr Millis kFirstPause{250};
constexpr Millis kMaxPause{5000};
constexpr double kSweepBurst = 20;

// Failures that the next request would meet as well.
bool Ails(AgentError error, bool own_datacenter) {
  switch (error) {
    case AgentError::kConnect:
    case AgentError::kNoLeader:
      return true;
    case AgentError::kTimeout:
    case AgentError::kServer:
      return own_datacenter;
    default:
      return false;
  }
}

}  // namespace

Fetcher::Fetcher(net::Loop& loop, consul::AgentClient& client, FetcherOptions options, Callbacks callbacks)
    : loop_(loop),
      client_(client),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      queue_(options_.max_in_flight),
      sweep_rate_(kSweepBurst, options_.sweep_per_second),
      backoff_(kFirstPause, kMaxPause),
      random_(RandomSeed()),
      pause_(loop, [this] { Pump(); }),
      sweep_timer_(loop, [this] { PumpSweep(); }),
      pump_timer_(loop, [this] { Pump(); }) {}

bool Fetcher::Fetch(const catalog::Key& key, Urgency urgency) {
  if (urgency == Urgency::kNow && queue_.urgent() >= options_.max_urgent) return false;
  queue_.Push(key, urgency);
  // Urgent keys start at once, the others together when the caller is done with its list.
  if (urgency == Urgency::kNow) {
    Pump();
  } else if (!pump_timer_.running()) {
    pump_timer_.Start(Millis(0));
  }
  return true;
}

void Fetcher::WakeSweep() {
  if (!sweep_timer_.running()) sweep_timer_.Start(Millis(0));
}

void Fetcher::Resume() {
  backoff_.Reset();
  pause_.Stop();
  Pump();
  WakeSweep();
}

void Fetcher::Pump() {
  while (const auto key = queue_.Take(pause_.running())) Begin(*key);
}

// Leaves half of the connections to whatever comes up meanwhile.
void Fetcher::PumpSweep() {
  if (pause_.running()) return sweep_timer_.Start(kFirstPause);
  while (queue_.in_flight() * 2 < std::max<size_t>(options_.max_in_flight, 2)) {
    if (!sweep_rate_.TryTake(loop_.Now())) return sweep_timer_.Start(sweep_rate_.WaitTime(loop_.Now()));
    const auto key = callbacks_.next_of_sweep();
    if (!key) return;
    if (queue_.TakeDirectly(*key)) {
      Begin(*key);
    } else {
      queue_.Push(*key, Urgency::kLoad);  // it waits already, or flies: then once more
    }
  }
  sweep_timer_.Start(Millis(2));
}

void Fetcher::Begin(const catalog::Key& key) {
  calls_[key] = client_.Get(RequestFor(key, options_.agent_datacenter),
                            [this, key](consul::AgentReply reply) { OnReply(key, std::move(reply)); });
}

void Fetcher::OnReply(const catalog::Key& key, consul::AgentReply reply) {
  if (reply.error == AgentError::kNone && !reply.known_leader) {
    reply.error = AgentError::kNoLeader;
    client_.CountError(reply.error);
  }
  if (Ails(reply.error, key.datacenter == options_.own_datacenter)) {
    if (!pause_.running()) pause_.Start(backoff_.Next(random_));
  } else if (reply.error == AgentError::kNone) {
    backoff_.Reset();
  }
  const auto call = calls_.extract(key);  // `key` lives in it
  queue_.Done(key);
  callbacks_.on_reply(key, std::move(reply));
  Pump();
}

}  // namespace signpost::feed
