// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/round_robin.h"

namespace signpost::lb {

size_t NextInTurn(std::span<const Candidate> candidates, std::span<int64_t> current) {
  if (candidates.size() == 1) return 0;
  int64_t total = 0;
  size_t best = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const auto weight = static_cast<int64_t>(candidates[i].weight);
    current[candidates[i].member] += weight;
    total += weight;
    if (current[candidates[i].member] > current[candidates[best].member]) best = i;
  }
  current[candidates[best].member] -= total;
  return best;
}

int64_t RandomTurn(Random& random, uint64_t total) {
  return total == 0 ? 0 : static_cast<int64_t>(random.Below(total)) - static_cast<int64_t>(total / 2);
}

}  // namespace signpost::lb
