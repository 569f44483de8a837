// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/eligibility.h"

#include <algorithm>

namespace signpost::lb {
namespace {

constexpr uint64_t kWholeWeight = 256;

}  // namespace

bool Eligibility::Tried(const Endpoint& endpoint) const {
  return std::find(request_.tried.begin(), request_.tried.end(), &endpoint) != request_.tried.end();
}

bool Eligibility::Usable(const Endpoint& endpoint) const {
  if (endpoint.drained() || endpoint.check_failed()) return false;
  return pool_.members.size() == 1 || endpoint.Passing(*pool_.settings, request_.now);
}

bool Eligibility::MayServe(const PoolMember& member, int version, bool panic) const {
  if (version != kAnyVersion && member.version != version) return false;
  const Endpoint& endpoint = *member.endpoint;
  return !endpoint.drained() && (panic || Usable(endpoint)) && !Tried(endpoint);
}

bool Eligibility::IsFull(const Endpoint& endpoint) const {
  return pool_.settings->max_conns > 0 && endpoint.in_use() >= pool_.settings->max_conns;
}

TierSurvey Eligibility::Survey(size_t tier, int version) const {
  if (cache_ == nullptr || tiers_[tier].size() <= Balancer::kScanLimit) return Count(tier, version);
  return cache_->Get({tier, version}, request_.now, [&] { return Count(tier, version); });
}

TierSurvey Eligibility::Count(size_t tier, int version) const {
  TierSurvey survey;
  for (uint32_t i = tiers_[tier].begin; i < tiers_[tier].end; ++i) {
    const PoolMember& member = pool_.members[i];
    if ((version != kAnyVersion && member.version != version) || member.endpoint->drained()) continue;
    const bool usable = Usable(*member.endpoint);
    const bool tried = Tried(*member.endpoint);
    survey.present += 1;
    survey.untried += tried ? 0 : 1;
    survey.usable += usable ? 1 : 0;
    survey.fresh += usable && !tried ? 1 : 0;
  }
  return survey;
}

bool Eligibility::LaterOffers(size_t tier, int version) const {
  for (size_t later = tier + 1; later < tiers_.size(); ++later) {
    if (Survey(later, version).usable > 0) return true;
  }
  return false;
}

bool Eligibility::Panics(const TierSurvey& survey, size_t tier, int version) const {
  const uint64_t wanted = uint64_t{survey.present} * pool_.settings->panic_percent;
  return request_.tried.empty() && uint64_t{survey.usable} * 100 < wanted && !LaterOffers(tier, version);
}

TierChoice Eligibility::FindTier(int version) const {
  int any = -1;   // with a usable one, though fewer than min_usable
  int last = -1;  // with an untried one
  const uint32_t enough = std::max<uint32_t>(1, pool_.settings->min_usable);
  TierSurvey found;
  for (size_t tier = 0; tier < tiers_.size(); ++tier) {
    const TierSurvey survey = Survey(tier, version);
    if (survey.untried > 0 && last < 0) last = static_cast<int>(tier);
    if (survey.fresh == 0) continue;
    if (any < 0 || survey.usable >= enough) {
      any = static_cast<int>(tier);
      found = survey;
    }
    if (survey.usable >= enough) break;
  }
  if (any >= 0) return {any, Panics(found, static_cast<size_t>(any), version), true};
  if (last < 0) return {};
  return {last, true, false};
}

uint64_t Eligibility::Parts(const Endpoint& endpoint, uint64_t weight) const {
  if (pool_.settings->algorithm == Algorithm::kSourceHash) return weight * kWholeWeight;
  uint64_t parts = weight * endpoint.effective_share();
  if (pool_.settings->slow_start > Millis(0)) parts = parts * endpoint.Ramp(*pool_.settings, request_.now) >> 16;
  return std::max<uint64_t>(1, parts);
}

uint64_t Eligibility::Weight(const PoolMember& member) const {
  const int admin = member.endpoint->admin_weight();
  uint64_t weight = admin >= 0 ? static_cast<uint64_t>(std::min(admin, 65535)) : member.weight;
  if (weight == 0 && pool_.settings->zero_weight == ZeroWeight::kOne) weight = 1;
  return weight == 0 ? 0 : Parts(*member.endpoint, weight);
}

void Eligibility::Collect(const TierChoice& choice, int version, std::vector<Candidate>& out) const {
  out.clear();
  bool weighted = false;
  const auto [begin, end] = range(choice.tier);
  for (uint32_t i = begin; i < end; ++i) {
    const PoolMember& member = pool_.members[i];
    if (!MayServe(member, version, choice.panic)) continue;
    const uint64_t weight = Weight(member);
    if (weight > 0 && !weighted) out.clear();
    weighted = weighted || weight > 0;
    if (weighted && weight == 0) continue;
    out.push_back({i, weight > 0 ? weight : Parts(*member.endpoint, 1)});
    member.endpoint->Climb(member.weight);
  }
}

std::vector<TierRange> TierRanges(const Pool& pool) {
  std::vector<TierRange> tiers;
  for (uint32_t i = 0; i < pool.members.size(); ++i) {
    if (i == 0 || pool.members[i].tier != pool.members[i - 1].tier) tiers.push_back({i, i});
    tiers.back().end = i + 1;
  }
  return tiers;
}

}  // namespace signpost::lb
