// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/endpoint.h"

#include <algorithm>

#include "lb/pool/stable_hash.h"

namespace signpost::lb {
namespace {

constexpr uint32_t kWholeShare = 256;
constexpr uint32_t kWholeRamp = 65536;
constexpr uint32_t kLeastRamp = kWholeRamp / 100;

}  // namespace

Endpoint::Endpoint(net::SocketAddress address, Millis now)
    : address_(address), name_(address.ToString()), hash_(StableHash(name_)), checked_(now.count()) {}

bool Endpoint::Acquire(uint32_t max_conns) {
  if (max_conns == 0) {
    in_use_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  uint32_t used = in_use();
  while (used < max_conns) {
    if (in_use_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void Endpoint::Release() { in_use_.fetch_sub(1, std::memory_order_relaxed); }

bool Endpoint::Chosen(const ServiceSettings& settings, Millis now) {
  const uint32_t failed = fails();
  if (failed == 0 || settings.max_fails == 0) return true;
  int64_t checked = checked_.load();
  // Of threads that arrive together, one moves the period on.
  if (now.count() - checked > settings.fail_timeout.count() && checked_.compare_exchange_strong(checked, now.count())) {
    return true;
  }
  return failed < settings.max_fails;
}

void Endpoint::Report(const ServiceSettings& settings, Outcome outcome, Millis now) {
  if (outcome == Outcome::kNeutral) return;
  if (outcome == Outcome::kSuccess && fails() == 0) return;
  const std::scoped_lock lock(failing_);
  if (outcome == Outcome::kFailure) {
    if (settings.max_fails > 0) Fail(settings, now.count());
    return;
  }
  if (accessed_.load() >= checked_.load()) return;
  if (fails_.exchange(0) >= settings.max_fails) RestartSlowStart(now);
  window_.clear();
}

void Endpoint::Fail(const ServiceSettings& settings, int64_t now) {
  uint32_t count = fails() + 1;
  // A failed probe in sliding mode is alone in its window, but the endpoint was down and stays so.
  if (settings.fail_window == FailWindow::kSliding && count <= settings.max_fails) {
    const int64_t oldest = now - settings.fail_timeout.count();
    std::erase_if(window_, [&](int64_t time) { return time < oldest; });
    window_.push_back(now);
    count = static_cast<uint32_t>(window_.size());
  }
  accessed_.store(now);
  checked_.store(now);
  fails_.store(count);
  const uint32_t loss = kWholeShare / settings.max_fails;
  const uint32_t share = effective_share();
  effective_share_.store(share > loss ? share - loss : 0, std::memory_order_relaxed);
}

void Endpoint::ClimbOneRound(uint32_t weight) {
  uint32_t share = effective_share();
  if (share >= kWholeShare) return;
  const uint32_t step = std::max<uint32_t>(1, kWholeShare / std::max<uint32_t>(1, weight));
  // A lost race is a lost round, no more.
  effective_share_.compare_exchange_strong(share, std::min(kWholeShare, share + step), std::memory_order_relaxed);
}

EndpointState Endpoint::State(const ServiceSettings& settings, Millis now) const {
  if (removed() != Millis(0)) return EndpointState::kRemoved;
  if (drained()) return EndpointState::kDrained;
  if (check_failed()) return EndpointState::kCheckFailed;
  if (!Passing(settings, now)) return EndpointState::kFailed;
  return Ramp(settings, now) < kWholeRamp ? EndpointState::kSlowStart : EndpointState::kUsable;
}

void Endpoint::RestartSlowStart(Millis now) {
  usable_since_.store(std::max<int64_t>(1, now.count()), std::memory_order_relaxed);
}

uint32_t Endpoint::Ramp(const ServiceSettings& settings, Millis now) const {
  if (settings.slow_start <= Millis(0) || usable_since() == Millis(0)) return kWholeRamp;
  const Millis age = std::max(Millis(0), now - usable_since());
  if (age >= settings.slow_start) return kWholeRamp;
  return std::max(kLeastRamp, static_cast<uint32_t>(age.count() * kWholeRamp / settings.slow_start.count()));
}

}  // namespace signpost::lb
