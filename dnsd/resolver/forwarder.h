// Signpost. Apache-2.0; see LICENSE.
// What the resolver's thread does: questions of workers, shared while they are under way; the cache behind them,
// failures, stale answers, chains that lead elsewhere. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "dnsd/resolver/answer_cache.h"
#include "dnsd/resolver/deadlines.h"
#include "dnsd/resolver/failure_memory.h"
#include "dnsd/resolver/inquiry.h"
#include "dnsd/resolver/resolver.h"
#include "dnsd/resolver/upstream_set.h"

namespace signpost::resolver {

class Forwarder {
 public:
  static constexpr Millis kStaleAfter{1800};          // RFC 8767 5: the client response timer
  static constexpr uint64_t kKeepMs = 1000;           // how long a worker may use what is stale or failed
  static constexpr uint64_t kKeepLoopMs = 5000;       // F88
  static constexpr uint64_t kTryEveryMs = 1000;       // F71: while all upstreams of a route are down
  static constexpr uint64_t kPrefetchTtlMs = 10'000;  // F74: not for less
  static constexpr size_t kMaxChain = 16;

  Forwarder(net::Loop& loop, const Clock& clock, ResolverSettings settings, size_t cache_bytes,
            std::span<const uint8_t> hop, ResolverCounters& counters, Resolver::Deliver deliver);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  void Begin();  // on the loop
  void Ask(size_t worker, const Question& question);
  void Prefetch(const Question& question);
  void SetSettings(ResolverSettings settings);
  void Flush(std::string_view name, bool tree);
  Explanation Explain(const Question& question) const;
  UpstreamSet& upstreams() { return upstreams_; }
  const UpstreamSet& upstreams() const { return upstreams_; }
  Deadlines& deadlines() { return deadlines_; }

  // Any thread.
  size_t cache_entries() const { return entries_.load(std::memory_order_relaxed); }
  size_t cache_bytes() const { return bytes_.load(std::memory_order_relaxed); }
  size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  struct Flight;
  using Flights = std::list<Flight>;
  using Key = std::pair<Question, uint32_t>;  // with the route's id

  const Route* RouteOf(std::string_view name) const;
  bool IsOurs(std::string_view name, const Question& question) const;
  // What needs no upstream.
  std::optional<Settled> AnswerNow(const Question& question, const Route* route);
  std::optional<Settled> AnswerFailed(const Question& question, const Route& route);
  // A copy that may still be given, or null.
  std::shared_ptr<const Answer> StaleFor(const Question& question);
  // Its own, or its chain so far with one for the end.
  std::shared_ptr<const Answer> StaleOf(const Flight& flight);
  Settled Stale(const Question& question, std::shared_ptr<const Answer> answer) const;
  Settled Failed(std::shared_ptr<const Answer> failure) const;

  // The one that is under way, or a new one.
  Flight& FlightFor(const Question& question, const Route& route, size_t depth);
  // The oldest go, but not `spared`.
  void MakeRoom(const Flight* spared = nullptr);
  void OnOutcome(Flight& flight, Outcome outcome);
  void Chase(Flight& flight, std::shared_ptr<Answer> links, const std::string& target);
  bool LeadsTo(const Flight& from, const Flight& to) const;
  void OnChild(Flight& parent, const Settled& settled);
  // Null when the chain has no end.
  std::shared_ptr<Answer> JoinChain(const Flight& flight, const Answer& end) const;
  // The chain so far, with what those below have found; null when there is none.
  std::shared_ptr<const Answer> LinksOf(const Flight& flight) const;
  void AddLinks(const Flight& flight, Answer& failure) const;

  void Answered(Flight& flight, const std::shared_ptr<Answer>& answer);
  void Fail(Flight& flight, const Trouble& trouble, uint64_t least_keep_ms = 0);
  void FailLoop(Flight& flight, uint64_t keep_ms = kKeepLoopMs);
  void OnStaleTimer(Flight& flight);
  void OnTimeUp(Flight& flight);
  // The flight ends here, and is gone when this returns.
  void Settle(Flight& flight, const Settled& settled);
  void Deliver(const std::vector<size_t>& workers, const Settled& settled);

  void Store(const std::shared_ptr<const Answer>& answer);
  void PublishSizes();

  const Resolver::Deliver deliver_;
  ResolverCounters& counters_;
  Deadlines deadlines_;
  ResolverSettings settings_;
  UpstreamSet upstreams_;
  Random random_;
  InquiryParts parts_;
  AnswerCache cache_;
  uint64_t evicted_ = 0;
  FailureMemory failures_;
  std::map<uint32_t, uint64_t> next_try_ms_;  // by route, while its upstreams are all down
  size_t most_flights_;
  Flights flights_;  // oldest first
  std::map<Key, Flights::iterator> by_key_;
  std::atomic<size_t> entries_ = 0, bytes_ = 0, in_flight_ = 0;
};

}  // namespace signpost::resolver
