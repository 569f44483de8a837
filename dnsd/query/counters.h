// Signpost. Apache-2.0; see LICENSE.
// What happened to the queries of one loop. The loop writes, anybody reads.
//
// The algebra, which a test checks:
//   received(t) = answered(t) + dropped(t) + waiting(t)       for each transport t
//   sum of answered = sum of rcodes = sum of types = sum of sources = count of latency
// where waiting is a gauge: questions parked until the catalog's source or an upstream has answered.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/base/metrics.h"

namespace signpost::query {

enum class Transport : unsigned char { kUdp, kTcp };
inline constexpr size_t kTransports = 2;

// Why a message got no reply.
enum class Drop : unsigned char {
  kShort,     // under 12 bytes
  kResponse,  // QR=1
  kPort,      // from a port where an answer would loop or bounce (0, echo, chargen ...)
  kRate,      // its network gets too many answers (RateLimiter)
};
inline constexpr size_t kDrops = 4;
inline constexpr std::array<std::string_view, kDrops> kDropNames = {"short", "response", "port", "rate"};

// Who the answer came from.
enum class Source : unsigned char {
  kNone,     // decided without a name: type, class, version, protection
  kCatalog,  // the consul domain, reverse names included
  kExposed,
  kStaticZone,
  kLocalZone,
  kForwarded,
};
inline constexpr size_t kSources = 6;
inline constexpr std::array<std::string_view, kSources> kSourceNames = {"none",        "catalog",    "exposed",
                                                                        "static_zone", "local_zone", "forwarded"};

// The types counted by name; all others are "other". Replies that never read a type count as "none".
enum class TypeBucket : unsigned char { kA, kAaaa, kSrv, kTxt, kPtr, kAny, kSoa, kNs, kOther, kNone };
inline constexpr size_t kTypeBuckets = 10;
inline constexpr std::array<std::string_view, kTypeBuckets> kTypeNames = {"A",   "AAAA", "SRV", "TXT",   "PTR",
                                                                          "ANY", "SOA",  "NS",  "other", "none"};
TypeBucket BucketOf(uint16_t type);

inline constexpr size_t kRcodes = 17;  // header rcodes and BADVERS
std::string_view RcodeName(size_t rcode);

// Upper bounds in seconds of the time from receipt to the answer being ready.
inline constexpr std::array<double, 9> kLatencyBounds = {0.00001, 0.000025, 0.00005, 0.0001, 0.00025,
                                                         0.001,   0.01,     0.1,     1.0};

struct Counters {
  std::array<Counter, kTransports> received;
  std::array<Counter, kTransports> answered;
  std::array<std::array<Counter, kDrops>, kTransports> dropped;
  std::array<Counter, kRcodes> rcodes;
  std::array<Counter, kTypeBuckets> types;
  std::array<Counter, kSources> sources;  // of the answered
  Counter truncated;                      // answers with TC=1, among the answered
  Counter slipped;                        // of these: because their network gets too many answers
  Counter stale;                          // of the answered: from forwarded answers past their end
  Counter parked;      // questions that had to wait for the catalog's source or an upstream, at least once
  Counter overloaded;  // of the answered: SERVFAIL because too many questions were waiting
  Counter timed_out;   // of the answered: SERVFAIL because what was waited for did not come in time
  std::array<Counter, kLatencyBounds.size() + 1> latency;
  Counter latency_nanos;  // sum

  void RecordLatency(uint64_t nanos, uint64_t queries);
};

}  // namespace signpost::query
