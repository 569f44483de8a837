// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/deadline_rotation.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {

bool DeadlineRotation::IsLater(const Entry& a, const Entry& b) {
  return a.deadline > b.deadline || (a.deadline == b.deadline && a.member > b.member);
}

void DeadlineRotation::Build(const Pool& pool, TierRange range, int version, std::span<const double> phases) {
  time_ = 0;
  heap_.clear();
  for (uint32_t i = range.begin; i < range.end; ++i) {
    if (version == kAnyVersion || pool.members[i].version == version) heap_.push_back({phases[i], i});
  }
  std::make_heap(heap_.begin(), heap_.end(), IsLater);
}

void DeadlineRotation::Save(std::span<double> phases) const {
  for (const Entry& entry : heap_) phases[entry.member] = std::max(0.0, entry.deadline - time_);
}

void DeadlineRotation::Postpone(uint64_t parts) {
  std::pop_heap(heap_.begin(), heap_.end(), IsLater);
  Entry& entry = heap_.back();
  time_ = entry.deadline;
  entry.deadline += 1 / static_cast<double>(parts > 0 ? parts : 256);
  std::push_heap(heap_.begin(), heap_.end(), IsLater);
}

void DeadlineRotations::Reset(std::vector<double> phases) {
  phases_ = std::move(phases);
  rotations_.clear();
}

std::vector<double> DeadlineRotations::Phases() const {
  std::vector<double> phases = phases_;
  for (const auto& [key, rotation] : rotations_) rotation.Save(phases);
  return phases;
}

DeadlineRotation& DeadlineRotations::Of(const Pool& pool, TierRange range, TierGroup group) {
  const auto [entry, is_new] = rotations_.try_emplace(group.key());
  if (is_new) entry->second.Build(pool, range, group.version, phases_);
  return entry->second;
}

}  // namespace signpost::lb
