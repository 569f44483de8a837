// Signpost. Apache-2.0; see LICENSE.
// One address of one service, as all threads see it: how busy it is, how it failed. Lives as long as anything refers to
// it, so that its counts survive every change of the endpoint set, and its removal and return (EndpointBook).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/net/address.h"
#include "lb/pool/settings.h"

namespace signpost::lb {

// Why an endpoint is not used, as /status shows it.
enum class EndpointState : unsigned char {
  kUsable,
  kSlowStart,    // usable with a part of its weight
  kFailed,       // max_fails within fail_timeout
  kCheckFailed,  // the active check
  kDrained,      // by the operator (admin API)
  kRemoved,      // not in the catalog any more; requests under way go on
};

enum class Outcome : unsigned char {
  kSuccess,
  kFailure,  // counts towards max_fails (reset, timeout, malformed head, or a listed status)
  kNeutral,  // tells nothing: the client went away, or the request itself was refused
};

struct EndpointCounters {              // shared by all threads
  std::atomic<uint64_t> requests = 0;  // or TCP sessions
  std::atomic<uint64_t> failures = 0;
  std::atomic<uint64_t> connects = 0;
  std::atomic<uint64_t> bytes_in = 0;   // from the endpoint
  std::atomic<uint64_t> bytes_out = 0;  // to the endpoint
};

// Any thread may call everything. Times are monotonic milliseconds of one clock (Reactor::Now), never wall time.
class Endpoint {
 public:
  // The first observation period begins `now`.
  Endpoint(net::SocketAddress address, Millis now);

  const net::SocketAddress& address() const { return address_; }
  const std::string& name() const { return name_; }  // "192.0.2.1:8080"
  uint64_t hash() const { return hash_; }            // of the name; stable between runs and hosts

  // --- use: requests in flight and connecting, not idle pooled connections
  // False when `max_conns` > 0 are in use.
  bool Acquire(uint32_t max_conns);
  void Release();
  uint32_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

  // --- passive health, by nginx's rules. No lock unless something failed lately.
  // Whether a request may go there now: fewer than max_fails failures, or fail_timeout has passed since.
  bool Passing(const ServiceSettings& settings, Millis now) const {
    const uint32_t failed = fails();
    return failed == 0 || settings.max_fails == 0 || failed < settings.max_fails ||
           now.count() - checked_.load() > settings.fail_timeout.count();
  }
  // To be called when it was chosen. After fail_timeout the first to choose it opens a new period: that one request is
  // the probe, everybody else still sees it failed. False when another thread took the probe first: choose another
  // endpoint.
  bool Chosen(const ServiceSettings& settings, Millis now);
  // Instead, when it is chosen though it is failed, for want of others: a success of this use forgives.
  void ChosenInPanic(Millis now) { checked_.store(now.count()); }
  // A success forgives only when the last failure belongs to an earlier period. Nothing is counted with max_fails = 0.
  void Report(const ServiceSettings& settings, Outcome outcome, Millis now);
  uint32_t fails() const { return fails_.load(std::memory_order_relaxed); }
  // Share of its weight after failures, climbing back with each selection round, in 1/256. 256 = all. Each failure
  // takes 1/max_fails of the whole.
  uint32_t effective_share() const { return effective_share_.load(std::memory_order_relaxed); }
  // One selection round: gains 1/weight, and at least 1/256.
  void Climb(uint32_t weight) {
    if (effective_share() < 256) ClimbOneRound(weight);
  }

  // What /status says of it.
  EndpointState State(const ServiceSettings& settings, Millis now) const;

  // --- slow start: since when it is usable (joined a pool that had others, or recovered); 0 = no slow start
  Millis usable_since() const { return Millis(usable_since_.load(std::memory_order_relaxed)); }
  void RestartSlowStart(Millis now);
  // What of its weight counts now, in 1/65,536: linear over settings.slow_start, at least 1 %.
  uint32_t Ramp(const ServiceSettings& settings, Millis now) const;

  // --- what others decided
  void SetChecked(bool healthy) { check_failed_.store(!healthy, std::memory_order_relaxed); }
  bool check_failed() const { return check_failed_.load(std::memory_order_relaxed); }
  void SetDrained(bool drained) { drained_.store(drained, std::memory_order_relaxed); }
  bool drained() const { return drained_.load(std::memory_order_relaxed); }
  void SetAdminWeight(int weight) { admin_weight_.store(weight, std::memory_order_relaxed); }  // -1 = none
  int admin_weight() const { return admin_weight_.load(std::memory_order_relaxed); }
  // Since when it is in no pool; 0 = it is in one.
  void SetRemoved(Millis when) { removed_.store(when.count(), std::memory_order_relaxed); }
  Millis removed() const { return Millis(removed_.load(std::memory_order_relaxed)); }

  EndpointCounters counters;

 private:
  void Fail(const ServiceSettings& settings, int64_t now);
  void ClimbOneRound(uint32_t weight);

  const net::SocketAddress address_;
  const std::string name_;
  std::mutex failing_;                 // guards changes of fails_ and accessed_; checked_ may be moved on without it
  std::vector<int64_t> window_;        // kSliding: times of the failures that count, oldest first; guarded by failing_
  std::atomic<int64_t> accessed_ = 0;  // last failure, ms
  std::atomic<int64_t> removed_ = 0;
  // What every choice reads and few events write, in one cache line apart from what every request writes.
  alignas(64) const uint64_t hash_;
  std::atomic<int64_t> checked_ = 0;  // start of the present period, ms
  std::atomic<int64_t> usable_since_ = 0;
  std::atomic<uint32_t> fails_ = 0;
  std::atomic<uint32_t> effective_share_ = 256;
  std::atomic<int> admin_weight_ = -1;
  std::atomic<bool> check_failed_ = false;
  std::atomic<bool> drained_ = false;
  alignas(64) std::atomic<uint32_t> in_use_ = 0;
};

// A use of an endpoint. Releases it when destroyed.
class EndpointUse {
 public:
  EndpointUse() = default;
  // Takes over an Acquire that succeeded.
  explicit EndpointUse(std::shared_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}
  ~EndpointUse() { Reset(); }
  EndpointUse(EndpointUse&& other) noexcept : endpoint_(std::move(other.endpoint_)) {}
  EndpointUse& operator=(EndpointUse&& other) noexcept {
    if (this != &other) {
      Reset();
      endpoint_ = std::move(other.endpoint_);
    }
    return *this;
  }
  void Reset() {
    if (endpoint_) endpoint_->Release();
    endpoint_.reset();
  }
  const std::shared_ptr<Endpoint>& get() const { return endpoint_; }
  Endpoint* operator->() const { return endpoint_.get(); }
  explicit operator bool() const { return endpoint_ != nullptr; }

 private:
  std::shared_ptr<Endpoint> endpoint_;
};

}  // namespace signpost::lb
