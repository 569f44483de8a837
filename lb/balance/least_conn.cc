// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/least_conn.h"

#include "lb/balance/round_robin.h"

namespace signpost::lb {

size_t LeastBusy(std::span<const Candidate> candidates, const Pool& pool, std::span<int64_t> current,
                 std::vector<Candidate>& ties) {
  ties.clear();
  size_t first = 0;
  uint64_t least = 0;  // in_use of `first`, read once: other threads change it meanwhile
  for (size_t i = 0; i < candidates.size(); ++i) {
    const uint64_t busy = pool.members[candidates[i].member].endpoint->in_use();
    const uint64_t mine = busy * candidates[first].weight;
    const uint64_t best = least * candidates[i].weight;
    if (ties.empty() || mine < best) {
      ties.clear();
      first = i;
      least = busy;
    } else if (mine > best) {
      continue;
    }
    ties.push_back(candidates[i]);
  }
  if (ties.size() == 1) return first;
  const uint32_t member = ties[NextInTurn(ties, current)].member;
  while (candidates[first].member != member) ++first;
  return first;
}

}  // namespace signpost::lb
