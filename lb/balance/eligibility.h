// Signpost. Apache-2.0; see LICENSE.
// Which members may serve a request: the rules about health, tiers, panic and weight 0, without those about taking
// turns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/balance/balancer.h"
#include "lb/balance/candidate.h"
#include "lb/balance/survey_cache.h"

namespace signpost::lb {

struct TierChoice {
  int tier = -1;        // none: all were tried, are drained, or are unusable and panic is off
  bool panic = false;   // unusable members are used as well
  bool usable = false;  // it has a usable member that was not tried
};

// For one request.
class Eligibility {
 public:
  // `cache` = null: everything is looked at.
  Eligibility(const Pool& pool, std::span<const TierRange> tiers, const PickRequest& request, SurveyCache* cache)
      : pool_(pool), tiers_(tiers), request_(request), cache_(cache) {}

  // Whether what FindTier says may be a little old; IgnoreCache ends that.
  bool cached() const { return cache_ != nullptr; }
  void IgnoreCache() { cache_ = nullptr; }

  TierChoice FindTier(int version) const;
  // May serve now: of the version, not tried, not drained, and usable or panic.
  bool MayServe(const PoolMember& member, int version, bool panic) const;
  // All of the tier that may serve; those with a weight, or all alike when none has. Not empty after FindTier, unless
  // that was cached.
  void Collect(const TierChoice& choice, int version, std::vector<Candidate>& out) const;
  // In 1/256; 0 = weight 0. Reduced by failures and slow start, never to 0; source_hash ignores both, so that keys
  // stay.
  uint64_t Weight(const PoolMember& member) const;
  bool IsFull(const Endpoint& endpoint) const;
  TierRange range(int tier) const { return tiers_[static_cast<size_t>(tier)]; }

 private:
  bool Tried(const Endpoint& endpoint) const;
  bool Usable(const Endpoint& endpoint) const;
  TierSurvey Survey(size_t tier, int version) const;
  TierSurvey Count(size_t tier, int version) const;
  bool LaterOffers(size_t tier, int version) const;
  bool Panics(const TierSurvey& survey, size_t tier, int version) const;
  uint64_t Parts(const Endpoint& endpoint, uint64_t weight) const;

  const Pool& pool_;
  std::span<const TierRange> tiers_;
  const PickRequest& request_;
  SurveyCache* cache_;
};

// By Pool::members, which are in the order of their tiers.
std::vector<TierRange> TierRanges(const Pool& pool);

}  // namespace signpost::lb
