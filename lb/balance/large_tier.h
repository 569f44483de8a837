// Signpost. Apache-2.0; see LICENSE.
// Choosing among more members than a scan per request should look at (Balancer::kScanLimit).
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/random.h"
#include "lb/balance/candidate.h"
#include "lb/balance/deadline_rotation.h"
#include "lb/balance/eligibility.h"
#include "lb/balance/weighted_draw.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

struct LargeTierState {
  DeadlineRotations rotations;
  WeightedDraws draws;
};

// A member that may serve and is not full, by the pool's algorithm; none when a scan must decide: for least_conn, and
// when too many of those looked at may not serve.
std::optional<uint32_t> ChooseFromLargeTier(LargeTierState& state, const Pool& pool, const Eligibility& eligibility,
                                            const TierChoice& choice, int version, uint64_t key, Random& random);

}  // namespace signpost::lb
