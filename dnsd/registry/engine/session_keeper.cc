// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/session_keeper.h"

#include <algorithm>

#include "dnsd/registry/definition/go_duration.h"

namespace signpost::registry {
namespace {

constexpr int kTtlsToLive = 2;
constexpr Millis kLongestTimer{60000};

}  // namespace

SessionKeeper::SessionKeeper(net::Loop& loop, const Clock& clock, std::function<void(const std::string& id)> on_expired)
    : clock_(clock), on_expired_(std::move(on_expired)), timer_(loop, [this] { OnTimer(); }) {}

void SessionKeeper::Track(const SessionRow& session) {
  const auto ttl = ParseGoDuration(session.ttl);
  if (!ttl.ok() || ttl.value() <= 0) return Forget(session.id);
  Life& life = lives_[session.id];
  life.length = Nanos(ttl.value()) * kTtlsToLive;
  SetEnd(session.id, life);
}

bool SessionKeeper::Renew(const std::string& id) {
  const auto found = lives_.find(id);
  if (found == lives_.end()) return false;
  SetEnd(id, found->second);
  return true;
}

void SessionKeeper::Forget(const std::string& id) {
  const auto found = lives_.find(id);
  if (found == lives_.end()) return;
  by_end_.erase({found->second.end, id});
  lives_.erase(found);
}

void SessionKeeper::SetEnd(const std::string& id, Life& life) {
  by_end_.erase({life.end, id});
  life.end = clock_.Monotonic() + life.length;
  by_end_.insert({life.end, id});
  StartTimer();
}

void SessionKeeper::StartTimer() {
  if (by_end_.empty()) return;
  const auto left = std::chrono::ceil<Millis>(by_end_.begin()->first - clock_.Monotonic());
  timer_.Start(std::clamp(left, Millis(1), kLongestTimer));
}

void SessionKeeper::OnTimer() {
  const Nanos now = clock_.Monotonic();
  while (!by_end_.empty() && by_end_.begin()->first <= now) {
    const std::string id = by_end_.begin()->second;
    Forget(id);
    on_expired_(id);
  }
  StartTimer();
}

void SessionKeeper::NoteLockDelay(const std::string& key, Millis delay) {
  const Nanos now = clock_.Monotonic();
  delays_[key] = now + delay;
  if (delays_.size() < clean_at_) return;
  std::erase_if(delays_, [now](const auto& entry) { return entry.second <= now; });
  clean_at_ = 2 * delays_.size() + kCleanAt;
}

Millis SessionKeeper::LockDelay(const std::string& key) const {
  const auto found = delays_.find(key);
  if (found == delays_.end()) return Millis(0);
  return std::max(Millis(0), std::chrono::ceil<Millis>(found->second - clock_.Monotonic()));
}

}  // namespace signpost::registry
