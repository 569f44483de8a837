// Signpost. Apache-2.0; see LICENSE.
// The less busy of two drawn at random by weight (power of two choices): nearly as even as least_conn, and many
// balancers that do not know of one another do not all run to the same endpoint.
#pragma once

#include <span>

#include "common/base/random.h"
#include "lb/balance/candidate.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

// Whether `a` has more requests in flight for its weight than `b`.
bool IsBusier(const Pool& pool, const Candidate& a, const Candidate& b);

// Returns an index into `candidates`, of which there must be one.
size_t LessBusyOfTwo(std::span<const Candidate> candidates, const Pool& pool, Random& random);

}  // namespace signpost::lb
