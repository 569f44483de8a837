// Signpost. Apache-2.0; see LICENSE.
// The weighted draw without replacement that orders every answer: the first record is item i with
// probability weight[i] / sum, the second likewise among the rest, and so on (the order of RFC 2782).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/random.h"

namespace signpost::service_zone {

// The weights of a set of records, summed up when the set is prepared.
struct WeightSummary {
  uint64_t total = 0;
  uint32_t positive = 0;  // how many items have a weight above 0; they stand before the others
  bool equal = true;      // all positive weights are the same: the draw is a plain shuffle
};
// `weights` must hold its zeros last.
WeightSummary Summarize(std::span<const uint32_t> weights);

// One per loop. Draw does not allocate once Reserve has seen the largest set.
class Drawer {
 public:
  explicit Drawer(uint64_t seed) : random_(seed) {}

  void Reserve(size_t items);

  // The indexes of the first `want` of `n` items, drawn; fewer if there are fewer. Items of weight 0 come after all
  // others, in uniform order. `weights` may be empty when summary.equal. Valid until the next call.
  std::span<const uint32_t> Draw(size_t n, std::span<const uint32_t> weights, const WeightSummary& summary,
                                 size_t want);

  // Indexes 0 .. n-1 in order, for sets whose order is the source's own.
  std::span<const uint32_t> InOrder(size_t n);

  Random& random() { return random_; }

 private:
  void Shuffle(size_t first, size_t last, size_t want);
  void DrawBySums(std::span<const uint32_t> weights, const WeightSummary& summary, size_t want);
  void DrawByKeys(std::span<const uint32_t> weights, size_t positive, size_t want);

  Random random_;
  std::vector<uint32_t> order_;
  std::vector<double> keys_;
};

}  // namespace signpost::service_zone
