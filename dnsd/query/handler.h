// Signpost. Apache-2.0; see LICENSE.
// The one way from query bytes to answer bytes. UDP, TCP, unit tests and fuzzers are its callers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dnsd/query/counters.h"
#include "dnsd/query/policy.h"
#include "dnsd/query/prefetch.h"
#include "dnsd/query/query_log.h"
#include "dnsd/query/rate_limit.h"
#include "dnsd/query/sources.h"
#include "dnsd/query/want.h"
#include "dnsd/service_zone/zone_data.h"

namespace signpost::query {

// What the transport knows about a message.
struct Context {
  Transport transport = Transport::kUdp;
  uint64_t now_ms = 0;               // the loop's time
  uint32_t wall_s = 0;               // seconds since 1970, for cookies
  std::span<const uint8_t> peer_ip;  // 4 or 16 bytes; empty: a stranger
  uint16_t keepalive_tenths = 0;     // TCP: idle timeout in units of 100 ms, told to clients that ask (RFC 7828)
  // The question has waited long enough: answer SERVFAIL rather than asking for more patience.
  bool last_try = false;
  // It came in at that time and was let through before it was parked: it does not count twice against its network's
  // rate, and what has arrived for it since then is still there.
  std::optional<uint64_t> parked_ms;
};

struct Reply {
  size_t size = 0;  // bytes of the answer; 0 = none
  std::optional<Drop> drop;
  // Set when the answer must wait: keep the query and call Handle again when what is wanted has come.
  std::optional<Want> wanted;
};

// One per loop, on its thread. Reads nothing but its arguments and `data`.
class Handler {
 public:
  // `cache_bytes` bounds what it keeps of forwarded names.
  Handler(service_zone::ZoneData& data, uint64_t seed, size_t cache_bytes = 0);

  // Answers `packet` into `out` (at least 512 bytes; 65,535 over TCP) and counts the outcome, except for a wanted
  // reply, which the caller counts as parked. Does not count as received: the caller does.
  Reply Handle(std::span<const uint8_t> packet, const Context& context, std::span<uint8_t> out);

  // For a batch: call with all its packets before answering them. Changes nothing but the time it takes.
  template <typename Datagrams>
  void Prefetch(const Datagrams& batch) {
    if (!data_.IsLarge() || batch.size() < kWorthwhile) return;
    for (const auto& datagram : batch) prefetcher_.Add(datagram.payload);
    prefetcher_.Run();
  }

  // Nothing is forwarded, and nobody trusted, before the first policy.
  void SetPolicy(std::shared_ptr<const Policy> policy);
  // The mark of what this process forwards itself (wire::edns_option::kHop), 8 bytes that outlive the handler.
  void SetHop(std::span<const uint8_t> hop) { hop_ = hop; }

  // What answering gave rise to, for the resolver: answers that end soon, the label of a loop probe. Reading clears.
  std::vector<resolver::Question> TakeRefreshes() { return sources_.TakeRefreshes(); }
  std::optional<std::string> TakeProbe() { return std::exchange(probe_, std::nullopt); }

  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  service_zone::Answerer& answerer() { return sources_.answerer(); }
  Sources& sources() { return sources_; }
  const Policy& policy() const { return sources_.policy(); }
  QueryLog& log() { return log_; }

 private:
  // What is known of the client before its question is looked at.
  struct Client {
    bool trusted = false;
    std::optional<CookieKeys::Cookie> cookie;  // to be sent back
    bool cookie_is_good = false;
  };
  Client ClientOf(const wire::Query& query, const Context& context) const;
  Reply AnswerQuery(const wire::Query& query, const Context& context, const Client& client, std::span<uint8_t> out);
  Outcome Route(const wire::Query& query, const Context& context, const Client& client, wire::ResponseWriter& writer);
  // Nullopt: the reply may leave.
  std::optional<Reply> LimitRate(const wire::Query& query, const Context& context, const Client& client,
                                 std::span<uint8_t> out);
  void NoteProbe(const wire::Query& query);
  void NoteInLog(const wire::Query& query, const Context& context, const Outcome& outcome);
  void Count(const Context& context, wire::Rcode rcode, TypeBucket type);

  static constexpr size_t kWorthwhile = 4;  // packets; fewer have little to overlap

  service_zone::ZoneData& data_;
  Prefetcher prefetcher_;
  Sources sources_;
  RateLimiter limiter_;
  QueryLog log_;
  std::span<const uint8_t> hop_;
  std::optional<std::string> probe_;
  Counters counters_;
};

}  // namespace signpost::query
