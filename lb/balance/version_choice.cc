// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/version_choice.h"

#include <algorithm>
#include <array>

#include "lb/balance/round_robin.h"
#include "lb/pool/stable_hash.h"

namespace signpost::lb {
namespace {

constexpr int64_t kWhole = 10000;
constexpr size_t kMaxVersions = 8;

}  // namespace

size_t VersionByKey(const VersionSplit& split, uint64_t key) {
  uint64_t point = key % kWhole;
  for (size_t i = 0; i + 1 < split.shares.size(); ++i) {
    if (point < split.shares[i].share) return i;
    point -= split.shares[i].share;
  }
  return split.shares.size() - 1;
}

void VersionTurns::Update(const VersionSplit& split, Random* random) {
  std::vector<int64_t> turns;
  for (const VersionShare& share : split.shares) {
    const auto known = std::find_if(split_.shares.begin(), split_.shares.end(),
                                    [&](const VersionShare& other) { return other.version == share.version; });
    if (known != split_.shares.end()) {
      turns.push_back(current_[static_cast<size_t>(known - split_.shares.begin())]);
    } else {
      turns.push_back(random != nullptr && split_.empty() ? RandomTurn(*random, kWhole) : 0);
    }
  }
  split_ = split;
  current_ = std::move(turns);
  spilled_.assign(split.shares.size(), 0);
}

size_t VersionTurns::Next() {
  std::array<Candidate, kMaxVersions> candidates;
  size_t count = 0;
  for (uint32_t i = 0; i < split_.shares.size() && count < kMaxVersions; ++i) {
    if (split_.shares[i].share > 0) candidates[count++] = {i, split_.shares[i].share};
  }
  return candidates[NextInTurn(std::span(candidates).first(count), current_)].member;
}

std::optional<size_t> VersionTurns::Spill(std::span<const bool> usable, std::optional<uint64_t> key) {
  std::array<Candidate, kMaxVersions> candidates;
  size_t count = 0;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < split_.shares.size() && count < kMaxVersions; ++i) {
    if (!usable[i] || split_.shares[i].share == 0) continue;
    candidates[count++] = {i, split_.shares[i].share};
    sum += split_.shares[i].share;
  }
  if (count == 0) return std::nullopt;
  if (!key) return candidates[NextInTurn(std::span(candidates).first(count), spilled_)].member;
  // Hashed once more: the keys of one version's part are to spread over all others.
  uint64_t point = MixHash(*key + 1) % sum;
  size_t at = 0;
  while (point >= candidates[at].weight) point -= candidates[at++].weight;
  return candidates[at].member;
}

}  // namespace signpost::lb
