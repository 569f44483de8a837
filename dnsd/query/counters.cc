// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/counters.h"

#include <algorithm>

#include "dnsd/wire/protocol.h"

namespace signpost::query {

TypeBucket BucketOf(uint16_t type) {
  switch (type) {
    case wire::type::kA:
      return TypeBucket::kA;
    case wire::type::kAaaa:
      return TypeBucket::kAaaa;
    case wire::type::kSrv:
      return TypeBucket::kSrv;
    case wire::type::kTxt:
      return TypeBucket::kTxt;
    case wire::type::kPtr:
      return TypeBucket::kPtr;
    case wire::type::kAny:
      return TypeBucket::kAny;
    case wire::type::kSoa:
      return TypeBucket::kSoa;
    case wire::type::kNs:
      return TypeBucket::kNs;
    default:
      return TypeBucket::kOther;
  }
}

std::string_view RcodeName(size_t rcode) {
  static constexpr std::array<std::string_view, kRcodes> kNames = {
      "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
      "NOTAUTH", "NOTZONE", "11",       "12",       "13",     "14",      "15",       "BADVERS"};
  return kNames[std::min(rcode, kRcodes - 1)];
}

void Counters::RecordLatency(uint64_t nanos, uint64_t queries) {
  const double seconds = static_cast<double>(nanos) * 1e-9;
  const auto bound = std::ranges::lower_bound(kLatencyBounds, seconds);
  latency[static_cast<size_t>(bound - kLatencyBounds.begin())].Add(queries);
  latency_nanos.Add(nanos * queries);
}

}  // namespace signpost::query
