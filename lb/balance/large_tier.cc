// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/large_tier.h"

#include <algorithm>

#include "lb/balance/random_two.h"
#include "lb/balance/source_hash.h"

namespace signpost::lb {
namespace {

class LargeTier {
 public:
  LargeTier(const Pool& pool, const Eligibility& eligibility, const TierChoice& choice, int version)
      : pool_(pool), eligibility_(eligibility), choice_(choice), version_(version) {}

  std::optional<uint32_t> InTurn(DeadlineRotation& rotation) const {
    const auto member =
        rotation.Next([this](uint32_t i) { return MayServe(i); }, [this](uint32_t i) { return Weight(i); });
    if (member) pool_.members[*member].endpoint->Climb(pool_.members[*member].weight);
    return member;
  }

  std::optional<uint32_t> LessBusy(const WeightedDraw& draw, Random& random) const {
    const auto one = Draw(draw, random, std::nullopt);
    const auto two = one ? Draw(draw, random, one) : std::nullopt;
    if (!two) return std::nullopt;
    return IsBusier(pool_, {*one, Weight(*one)}, {*two, Weight(*two)}) ? two : one;
  }

  std::optional<uint32_t> HighestBid(uint64_t key) const {
    std::optional<uint32_t> best;
    Bid best_bid;
    const auto [begin, end] = eligibility_.range(choice_.tier);
    for (uint32_t i = begin; i < end; ++i) {
      const Bid bid = MakeBid(pool_.members[i].endpoint->hash(), key, Weight(i));
      if (!IsHigher(bid, best_bid) || !MayServe(i)) continue;
      best = i;
      best_bid = bid;
    }
    return best;
  }

 private:
  uint64_t Weight(uint32_t member) const { return eligibility_.Weight(pool_.members[member]); }
  bool MayServe(uint32_t i) const {
    const PoolMember& member = pool_.members[i];
    return eligibility_.MayServe(member, version_, choice_.panic) && !eligibility_.IsFull(*member.endpoint);
  }

  // The draw goes by the weights of the pool; what slow start, failures and the operator leave of them is the chance to
  // stay.
  std::optional<uint32_t> Draw(const WeightedDraw& draw, Random& random, std::optional<uint32_t> other) const {
    for (int pass = 0; pass < kMaxPasses && !draw.empty(); ++pass) {
      const uint32_t member = draw.Next(random);
      const uint64_t whole = uint64_t{256} * std::max<uint32_t>(1, pool_.members[member].weight);
      if (member == other || !MayServe(member) || random.Below(whole) >= Weight(member)) continue;
      pool_.members[member].endpoint->Climb(pool_.members[member].weight);
      return member;
    }
    return std::nullopt;
  }

  const Pool& pool_;
  const Eligibility& eligibility_;
  const TierChoice& choice_;
  const int version_;
};

}  // namespace

std::optional<uint32_t> ChooseFromLargeTier(LargeTierState& state, const Pool& pool, const Eligibility& eligibility,
                                            const TierChoice& choice, int version, uint64_t key, Random& random) {
  // The override of a version in a pool that is not split: a rotation beside the one of all would take turns twice.
  if (version != kAnyVersion && pool.settings->split.empty()) return std::nullopt;
  const LargeTier tier(pool, eligibility, choice, version);
  const TierRange range = eligibility.range(choice.tier);
  const TierGroup group{static_cast<size_t>(choice.tier), version};
  switch (pool.settings->algorithm) {
    case Algorithm::kRoundRobin:
      return tier.InTurn(state.rotations.Of(pool, range, group));
    case Algorithm::kRandomTwo:
      return tier.LessBusy(state.draws.Of(pool, range, group), random);
    case Algorithm::kSourceHash:
      return tier.HighestBid(key);
    case Algorithm::kLeastConn:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace signpost::lb
