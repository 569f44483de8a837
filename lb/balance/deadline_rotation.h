// Signpost. Apache-2.0; see LICENSE.
// Weighted round robin for many members in O(log n): each has a deadline and the earliest is next (EDF). The shares are
// those of smooth weighted round robin, the order is not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "lb/balance/candidate.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

// Members that may not serve are passed over this often; then a scan is the better way.
inline constexpr int kMaxPasses = 16;

class DeadlineRotation {
 public:
  // `phases`, by member: how far its deadline is, in requests per unit of weight in 1/256. Members begin there.
  void Build(const Pool& pool, TierRange range, int version, std::span<const double> phases);
  // Writes them back, so that the place in the rotation is not lost.
  void Save(std::span<double> phases) const;

  // `may_serve(member)`, `weight(member)` in 1/256, 0 = none. None when kMaxPasses in a row may not serve.
  template <typename MayServe, typename Weight>
  std::optional<uint32_t> Next(MayServe may_serve, Weight weight) {
    for (int pass = 0; pass < kMaxPasses && !heap_.empty(); ++pass) {
      const uint32_t member = heap_.front().member;
      const uint64_t parts = weight(member);
      Postpone(parts);
      if (parts > 0 && may_serve(member)) return member;
    }
    return std::nullopt;
  }

 private:
  struct Entry {
    double deadline;
    uint32_t member;
  };
  static bool IsLater(const Entry& a, const Entry& b);
  // Moves the first behind others, by its weight.
  void Postpone(uint64_t parts);

  double time_ = 0;
  std::vector<Entry> heap_;
};

// One per balancer: the rotations of its large groups, built when first needed.
class DeadlineRotations {
 public:
  // The new pool's phases; rotations are built from them.
  void Reset(std::vector<double> phases);
  // Up to date, by member.
  std::vector<double> Phases() const;
  DeadlineRotation& Of(const Pool& pool, TierRange range, TierGroup group);

 private:
  std::vector<double> phases_;
  std::unordered_map<uint64_t, DeadlineRotation> rotations_;
};

}  // namespace signpost::lb
