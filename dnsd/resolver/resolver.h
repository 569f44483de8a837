// Signpost. Apache-2.0; see LICENSE.
// The forwarder: a thread with a loop of its own. Workers ask it what their own cache does not have; every question is
// asked upstream once, whoever waits for it (F22, F56). It owns the upstreams' state, the questions in flight and the
// cache that outlives the workers' entries (stale answers, prefetch).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/net/address.h"
#include "dnsd/resolver/answer.h"
#include "dnsd/resolver/answer_cache.h"
#include "dnsd/resolver/reply.h"
#include "dnsd/resolver/routes.h"

namespace signpost::resolver {

// What makes forging a reply harder, and which not every upstream bears.
struct Defences {
  bool mixed_case = false;  // the letters of questions over UDP are random (0x20)
  bool cookies = false;     // questions carry a cookie, and replies of those who know them must have it (RFC 7873)
};

struct ResolverSettings {
  std::shared_ptr<const Routes> routes;
  ReplyRules rules;
  Millis max_stale{};  // how long after its end an answer may be served when no upstream answers; 0 = never
  bool prefetch = true;
  Defences defences;
  std::vector<net::SocketAddress> own_addresses;  // where this dnsd listens: never asked (F33)
};

// Every question that was asked gets exactly one Settled.
struct Settled {
  Question question;
  std::shared_ptr<const Answer> answer;  // never null
  Age age = Age::kFresh;
  uint64_t keep_until_ms = 0;  // how long a worker may use it before it asks again; 0 = for those who wait only
};

struct UpstreamStatus {
  net::SocketAddress address;
  bool up = true;
  bool edns = true;
  bool loop = false;   // it leads back to us
  double srtt_ms = 0;  // 0 = not known
  uint64_t sent = 0, answered = 0, timed_out = 0, failed = 0;
  std::string trouble;  // why it is down; empty while up
};

// Written by the resolver's thread, read by any.
struct ResolverCounters {
  Counter asked;       // questions of workers
  Counter shared;      // of these: joined one that was under way already (F56)
  Counter from_cache;  // of these: answered from the resolver's cache
  Counter sent_udp, sent_tcp;
  Counter mismatched;  // datagrams that were no answer to what was asked (F03, F04)
  Counter other_case;  // of these: but for the letters of the question
  Counter no_cookie;   // of these: but for our cookie
  Counter bad_replies;
  Counter timeouts;  // tries
  Counter stale_answers;
  Counter failures;  // questions settled by SERVFAIL
  Counter prefetches;
  Counter shed;     // questions dropped because the table was full (F37)
  Counter evicted;  // from the resolver's cache
};

// What is known about a question, for `explain`.
struct Explanation {
  bool cached = false;
  std::shared_ptr<const Answer> answer;
  bool in_flight = false;
  std::string route;  // the zone that chose the upstreams, in text
  std::vector<UpstreamStatus> upstreams;
};

class Resolver {
 public:
  // How long a question takes at most (F57): below the 4 s of Docker's resolver and the 5 s of glibc.
  static constexpr Millis kDeadline{3450};  // clients were promised 3.5 s
  static constexpr size_t kMaxInFlight = 16384;

  // On the resolver's thread.
  using Deliver = std::function<void(size_t worker, const Settled& settled)>;

  // `cache_bytes` bounds the resolver's own cache. `clock` outlives the resolver. Instance id: random.
  Resolver(const Clock& clock, ResolverSettings settings, size_t cache_bytes, Deliver deliver);
  ~Resolver();  // stops and joins
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void Start();
  // Questions under way are dropped; Deliver is not called any more when it returns.
  void Stop();

  // Any thread, while started. Deliver follows, once.
  void Ask(size_t worker, Question question);
  // Any thread: the answer is asked for often and ends soon (F74). Nothing is delivered.
  void Prefetch(Question question);
  // Any thread: a query came in that one of our own probes had sent (F33): its label tells which upstream loops.
  void OnProbeSeen(std::string_view label);
  // Any thread. Answers of routes that changed are dropped here; workers drop theirs by Answer::route.
  void SetSettings(ResolverSettings settings);
  // Any thread: drops answers about `name` (wire form, folded), and about names below it if `tree`; all for the root.
  // Then `done` runs on the resolver's thread.
  void Flush(
      std::string name, bool tree, std::function<void()> done = [] {});

  // Any thread; `done` runs on the resolver's thread.
  void Explain(Question question, std::function<void(Explanation)> done);
  // Any thread.
  const ResolverCounters& counters() const;
  std::vector<UpstreamStatus> Upstreams() const;
  size_t cache_entries() const;
  size_t cache_bytes() const;
  size_t in_flight() const;
  // 8 random bytes that mark what this process forwards (wire::edns_option::kHop).
  std::span<const uint8_t> hop() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// The names that loops are looked for with: a label of "signpost-loop-" and 16 hexadecimal digits of the probe, below
// this domain (wire form). Any thread. It must be one that resolvers pass on: Unbound and others answer for "test." and
// "invalid." themselves, dnsmasq may keep single labels, and one that knows the root's denials may answer for any
// top-level name that is not there (RFC 8198). Nobody can register a name in "arpa." (RFC 3172), so it stays nobody's.
inline constexpr std::string_view kProbePrefix = "signpost-loop-";
inline constexpr std::string_view kProbeDomain("\016signpost-probe\004arpa\0", 21);

}  // namespace signpost::resolver
