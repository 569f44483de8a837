// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/source_hash.h"

#include <cmath>

#include "lb/pool/stable_hash.h"

namespace signpost::lb {

Bid MakeBid(uint64_t endpoint_hash, uint64_t key, uint64_t weight) {
  // 53 bits and a half, so that neither 0 nor 1 is met.
  return {(static_cast<double>(CombineHash(endpoint_hash, key) >> 11) + 0.5) * 0x1.0p-53, weight};
}

bool IsHigher(const Bid& a, const Bid& b) {
  if (a.weight == 0 || b.weight == 0) return a.weight > b.weight;
  if (a.weight == b.weight) return a.draw > b.draw;
  return static_cast<double>(a.weight) * -std::log(b.draw) > static_cast<double>(b.weight) * -std::log(a.draw);
}

size_t HighestBid(std::span<const Candidate> candidates, const Pool& pool, uint64_t key) {
  size_t best = 0;
  Bid best_bid;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Bid bid = MakeBid(pool.members[candidates[i].member].endpoint->hash(), key, candidates[i].weight);
    if (!IsHigher(bid, best_bid)) continue;
    best = i;
    best_bid = bid;
  }
  return best;
}

}  // namespace signpost::lb
