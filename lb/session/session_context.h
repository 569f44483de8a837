// Signpost. Apache-2.0; see LICENSE.
// What the sessions of one worker share. Everything on that worker's thread, but for the counters, which anybody may
// read.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/metrics.h"
#include "common/base/random.h"
#include "common/net/reactor.h"
#include "lb/balance/balancer.h"
#include "lb/http/head.h"
#include "lb/relay/relay.h"
#include "lb/route/routes.h"
#include "lb/session/access_record.h"
#include "lb/session/prefix_set.h"
#include "lb/upstream/idle_pool.h"
#include "lb/upstream/retry.h"
#include "lb/upstream/wait_queue.h"

namespace signpost::lb {

class ExchangePool;

// From the options; immutable, replaced as a whole on reload. A session keeps the one it began with for one request.
struct SessionRules {
  HeadLimits head;
  Millis header_timeout{10000};      // from the first byte of a head (or the connection) to its end
  Millis idle_timeout{75000};        // between requests
  uint32_t client_requests = 10000;  // per client connection
  uint64_t body_rate = 1024;         // bytes per second, averaged over body_rate_time; slower clients get 408
  Millis body_rate_time{30000};
  Millis client_write_timeout{60000};  // a client that takes nothing of its answer for so long is cut off
  size_t replay = 64 << 10;            // bytes of a request's body kept to send it again
  size_t response_pending = 64 << 10;  // bytes of an answer kept for a slow client (case H146)
  RelayLimits relay;
  PrefixSet trusted;  // proxies whose forwarding fields are believed
  bool forwarded = false;
  std::string via = "signpost";  // "" = no Via
  bool allow_trace = false;
  bool served_version = false;  // X-Served-Version on answers
  bool access_log = false;      // sessions build records only then
  Millis sni_timeout{5000};
  Millis proxy_timeout{5000};  // for an expected PROXY header
};

// One connection of a client; destroys itself when it is over.
class Session {
 public:
  // The end of the process is near: no new request; what is under way goes on.
  virtual void OnDrain() = 0;
  // New routes were published with endpoints removed: who uses one starts its drain deadline.
  virtual void OnEndpointsRemoved() = 0;
  // Now. It destroys itself during the call.
  virtual void Kill(Termination termination) = 0;

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 protected:
  virtual ~Session();  // leaves the list

 private:
  friend class SessionList;
  class SessionList* list_ = nullptr;
  Session* previous_ = nullptr;
  Session* next_ = nullptr;
};

// All sessions of a worker.
class SessionList {
 public:
  void Add(Session& session);
  // `f` may destroy the session that it is called with, and no other.
  template <typename F>
  void ForEach(F f) {
    for (Session* at = first_; at != nullptr;) {
      Session* const next = at->next_;
      f(*at);
      at = next;
    }
  }
  size_t size() const { return size_; }

 private:
  friend class Session;
  void Remove(Session& session);
  Session* first_ = nullptr;
  size_t size_ = 0;
};

// One writer, the worker; any readers.
struct SessionCounters {
  Counter http_connections, http_requests, tcp_sessions, tunnels;
  Counter bad_requests, proxy_header_errors, no_route;
  std::array<Counter, 6> responses;      // by status class: [2] = 2xx
  std::array<Counter, 18> terminations;  // by Termination
  Counter bytes_from_clients, bytes_to_clients;
  // Duration of requests in buckets of kLatencyBounds (ms), the last one for everything above; sum in microseconds.
  std::array<Counter, 13> latency;
  Counter latency_sum_us;
  static constexpr std::array<double, 12> kLatencyBounds = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000};
};

struct SessionContext {
  SessionContext(net::Reactor& reactor_in, uint64_t seed);
  ~SessionContext();  // kills what sessions are left
  SessionContext(const SessionContext&) = delete;
  SessionContext& operator=(const SessionContext&) = delete;

  // The balancer of a slot with the newest pool, or null when the slot has none. Valid until the next call or
  // publication.
  Balancer* BalancerOf(uint32_t slot);
  // The queue of that slot, made when first asked for.
  WaitQueue& QueueOf(uint32_t slot, const std::shared_ptr<PoolState>& state);
  // Whether requests of that slot wait, on this thread, and in which lines. Valid until the next call, or turn.
  bool Waiting(uint32_t slot) const { return !WaitingLines(slot).empty(); }
  std::span<const int> WaitingLines(uint32_t slot) const;
  // An endpoint of that slot is used by one less: who waits is tried again.
  void SlotFreed(uint32_t slot);
  // This thread's retries of that slot: each worker grants from its own requests.
  RetryBudget& BudgetOf(uint32_t slot);
  // Takes new routes; tells sessions and the idle pool when endpoints went.
  void Publish(std::shared_ptr<const Routes> new_routes, bool endpoints_removed);

  net::Reactor& reactor;
  std::shared_ptr<const Routes> routes;
  std::shared_ptr<const SessionRules> rules;
  SessionList sessions;
  IdlePool idle;
  Random random;
  SessionCounters counters;
  AccessSink* access = nullptr;   // null = no access log
  bool draining = false;          // answers carry Connection: close
  std::string request_id_prefix;  // unique per process and worker
  uint64_t request_number = 0;
  std::unique_ptr<ExchangePool> exchanges;  // never null; HTTP requests under way and their memory for the next

 private:
  // What this thread keeps of one slot of Routes::pools.
  struct Slot {
    std::shared_ptr<PoolState> state;  // of the service it is about: a slot may get another one
    std::unique_ptr<Balancer> balancer;
    std::unique_ptr<WaitQueue> queue;
    std::unique_ptr<RetryBudget> budget;
  };
  Slot& SlotOf(uint32_t slot);

  std::vector<Slot> slots_;
};

}  // namespace signpost::lb
