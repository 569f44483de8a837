// Signpost. Apache-2.0; see LICENSE.
// Weighted rendezvous hashing: every endpoint makes a bid by its name, its weight and the key; the highest wins. All
// hosts agree, and an endpoint that goes takes only its own keys along (case B08).
#pragma once

#include <cstdint>
#include <span>

#include "lb/balance/candidate.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

struct Bid {
  double draw = 0;      // uniform in (0, 1)
  uint64_t weight = 0;  // 0 = no bid
};

Bid MakeBid(uint64_t endpoint_hash, uint64_t key, uint64_t weight);
// By weight / -ln(draw), which gives each its share of the keys (logarithms are taken only between different weights).
bool IsHigher(const Bid& a, const Bid& b);

// Returns an index into `candidates`, of which there must be one.
size_t HighestBid(std::span<const Candidate> candidates, const Pool& pool, uint64_t key);

}  // namespace signpost::lb
