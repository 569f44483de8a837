// Signpost. Apache-2.0; see LICENSE.
// Smooth weighted round robin, as nginx has it. Pure but for the current weights, which the caller keeps.
#pragma once

#include <cstdint>
#include <span>

#include "common/base/random.h"
#include "lb/balance/candidate.h"

namespace signpost::lb {

// One round: every candidate gains its weight, the first of the highest wins and pays the sum. `current` is indexed by
// Candidate::member. Returns an index into `candidates`, of which there must be one.
size_t NextInTurn(std::span<const Candidate> candidates, std::span<int64_t> current);

// A random place of the rotation of weights that sum to `total`: shares stay exact within one request per member.
int64_t RandomTurn(Random& random, uint64_t total);

}  // namespace signpost::lb
