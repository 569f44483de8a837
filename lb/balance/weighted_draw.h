// Signpost. Apache-2.0; see LICENSE.
// Random draws by weight among many members in O(log n).
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/base/random.h"
#include "lb/balance/candidate.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

// Running sums of the weights of one group. A weight of 0 is drawn as 1, for the caller to refuse.
class WeightedDraw {
 public:
  void Build(const Pool& pool, TierRange range, int version);
  bool empty() const { return ends_.empty(); }
  // A member. Not when empty.
  uint32_t Next(Random& random) const;

 private:
  struct End {
    uint64_t sum;
    uint32_t member;
  };
  std::vector<End> ends_;
};

// One per balancer: the draws of its large groups, built when first needed.
class WeightedDraws {
 public:
  void Clear() { draws_.clear(); }
  const WeightedDraw& Of(const Pool& pool, TierRange range, TierGroup group);

 private:
  std::unordered_map<uint64_t, WeightedDraw> draws_;
};

}  // namespace signpost::lb
