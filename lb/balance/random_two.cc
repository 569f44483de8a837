// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/random_two.h"

namespace signpost::lb {
namespace {

constexpr size_t kNobody = ~size_t{0};

uint64_t WeightOf(std::span<const Candidate> candidates) {
  uint64_t total = 0;
  for (const Candidate& candidate : candidates) total += candidate.weight;
  return total;
}

// The one whose part of the line of weights holds `point`; `left_out` has no part.
size_t At(std::span<const Candidate> candidates, uint64_t point, size_t left_out) {
  size_t last = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i == left_out) continue;
    last = i;
    if (point < candidates[i].weight) break;
    point -= candidates[i].weight;
  }
  return last;
}

}  // namespace

bool IsBusier(const Pool& pool, const Candidate& a, const Candidate& b) {
  const uint64_t busy_a = pool.members[a.member].endpoint->in_use();
  const uint64_t busy_b = pool.members[b.member].endpoint->in_use();
  return busy_a * b.weight > busy_b * a.weight;
}

size_t LessBusyOfTwo(std::span<const Candidate> candidates, const Pool& pool, Random& random) {
  if (candidates.size() == 1) return 0;
  const uint64_t total = WeightOf(candidates);
  const size_t one = At(candidates, random.Below(total), kNobody);
  const size_t two = At(candidates, random.Below(total - candidates[one].weight), one);
  return IsBusier(pool, candidates[one], candidates[two]) ? two : one;
}

}  // namespace signpost::lb
