// Signpost. Apache-2.0; see LICENSE.
// The one way from query bytes to answer bytes. UDP, TCP, unit tests and fuzzers are its callers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dnsd/catalog/catalog.h"
#include "dnsd/query/counters.h"
#include "dnsd/query/prefetch.h"
#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/zone_data.h"

namespace signpost::query {

// What the transport knows about a message.
struct Context {
  Transport transport = Transport::kUdp;
  uint64_t now_ms = 0;            // the loop's time
  uint16_t keepalive_tenths = 0;  // TCP: idle timeout in units of 100 ms, told to clients that ask (RFC 7828)
  // The question has waited long enough: answer SERVFAIL rather than asking for more patience.
  bool last_try = false;
};

struct Reply {
  size_t size = 0;  // bytes of the answer; 0 = none
  std::optional<Drop> drop;
  // Set when the answer must wait for the catalog's source: keep the query and call Handle again when it has answered.
  std::optional<catalog::Key> wanted;
};

// One per loop, on its thread. Reads nothing but its arguments and `data`.
class Handler {
 public:
  Handler(service_zone::ZoneData& data, uint64_t seed) : data_(data), prefetcher_(data), answerer_(data, seed) {}

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

  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  service_zone::Answerer& answerer() { return answerer_; }

 private:
  size_t AnswerQuery(const wire::Query& query, const Context& context, std::span<uint8_t> out,
                     std::optional<catalog::Key>& wanted);
  service_zone::Verdict Route(const wire::Query& query, const Context& context, wire::ResponseWriter& writer);
  void Count(const Context& context, wire::Rcode rcode, TypeBucket type);

  static constexpr size_t kWorthwhile = 4;  // packets; fewer have little to overlap

  service_zone::ZoneData& data_;
  Prefetcher prefetcher_;
  service_zone::Answerer answerer_;
  Counters counters_;
};

}  // namespace signpost::query
