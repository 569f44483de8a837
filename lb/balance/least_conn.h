// Signpost. Apache-2.0; see LICENSE.
// The endpoint with the fewest requests in flight for its weight.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/balance/candidate.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

// in_use/weight, compared by cross multiplication; smooth round robin among equals. What waits in a queue is not
// counted: it waits for the service, not for an endpoint. Returns an index into `candidates`,
// of which there must be one. `ties` is scratch memory.
size_t LeastBusy(std::span<const Candidate> candidates, const Pool& pool, std::span<int64_t> current,
                 std::vector<Candidate>& ties);

}  // namespace signpost::lb
