// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/balancer.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "lb/balance/eligibility.h"
#include "lb/balance/large_tier.h"
#include "lb/balance/least_conn.h"
#include "lb/balance/random_two.h"
#include "lb/balance/round_robin.h"
#include "lb/balance/source_hash.h"
#include "lb/pool/stable_hash.h"

namespace signpost::lb {
namespace {

// A rotation may be longer, but then its first thousand places are as good as all.
constexpr uint64_t kMostRounds = 1000;

// The highest and lowest that current weights reach by themselves; beyond it they are leftovers of other weights, which
// would keep the rotation from the new ones (case B07).
int64_t Bound(const Pool& pool, const TierRange& tier) {
  int64_t total = 0;
  for (uint32_t i = tier.begin; i < tier.end; ++i) total += std::max<int64_t>(1, pool.members[i].weight);
  return total * 256;
}

// The distance of a member's deadlines in DeadlineRotation.
double WholePhase(const PoolMember& member) { return 1 / (256.0 * std::max<uint32_t>(1, member.weight)); }

}  // namespace

// One call of Choose.
class Choice {
 public:
  Choice(Balancer& balancer, const PickRequest& request)
      : balancer_(balancer),
        pool_(*balancer.pool_),
        request_(request),
        eligibility_(pool_, balancer.tiers_, request, request.tried.empty() ? &balancer.surveys_ : nullptr) {}

  Pick Make() {
    // Each round that finds no endpoint leaves one out that another thread filled or probes meanwhile.
    for (size_t round = 0; round <= pool_.members.size(); ++round) {
      tier_ = {};
      spilled_ = false;
      if (const PickKind kind = ChooseVersion(); kind != PickKind::kPicked) return {.kind = kind};
      if (tier_.tier < 0) return {.kind = PickKind::kNone};
      if (OthersWait()) break;
      const PoolMember* member = Sticky();
      if (member == nullptr) member = ByAlgorithm();
      if (member != nullptr && Take(*member)) return Picked(*member);
      if (member == nullptr && !eligibility_.cached()) break;
      eligibility_.IgnoreCache();
    }
    return {.kind = PickKind::kBusy, .wait = {.line = Line(), .version = version_, .spilled = spilled_}};
  }

 private:
  // Sets version_, tier_ and spilled_; kPicked, kNone or kNoVersion.
  PickKind ChooseVersion();
  PickKind Spill(size_t wanted);
  bool Override();
  size_t WantedVersion();
  size_t DrawVersion();
  int Line() const { return (version_ + 1) * 2 + (request_.tried.empty() ? 0 : 1); }
  bool OthersWait() const {
    return pool_.settings->max_conns > 0 && request_.tried.empty() &&
           std::find(request_.lines.begin(), request_.lines.end(), Line()) != request_.lines.end();
  }
  bool Enter(int version) {
    version_ = version;
    tier_ = eligibility_.FindTier(version);
    return tier_.usable;
  }
  const PoolMember* Sticky();
  const PoolMember* ByAlgorithm();
  bool Take(const PoolMember& member);
  Pick Picked(const PoolMember& member);

  Balancer& balancer_;
  const Pool& pool_;
  const PickRequest& request_;
  Eligibility eligibility_;
  int version_ = kAnyVersion;
  TierChoice tier_;
  bool spilled_ = false;
  std::optional<size_t> wanted_;  // drawn once, whatever the number of rounds
  std::optional<size_t> spill_;   // likewise
  bool keeps_cookie_ = false;     // its endpoint is only full
};

PickKind Choice::ChooseVersion() {
  const VersionSplit& split = pool_.settings->split;
  // After a failed try the reason for an answer is that failure, not the version.
  const PickKind refused = request_.tried.empty() ? PickKind::kNoVersion : PickKind::kNone;
  if (!request_.version.empty()) {
    if (Override()) return PickKind::kPicked;
    if (split.strict) return refused;
  }
  if (split.empty()) {
    Enter(kAnyVersion);
    return PickKind::kPicked;
  }
  const size_t wanted = WantedVersion();
  if (Enter(static_cast<int>(wanted))) {
    spilled_ = !request_.version_key && request_.waited && request_.waited->spilled;
    return PickKind::kPicked;
  }
  return split.strict ? refused : Spill(wanted);
}

bool Choice::Override() {
  const auto known = std::find(pool_.versions.begin(), pool_.versions.end(), request_.version);
  return known != pool_.versions.end() && Enter(static_cast<int>(known - pool_.versions.begin()));
}

size_t Choice::WantedVersion() {
  if (!wanted_) wanted_ = DrawVersion();
  return *wanted_;
}

size_t Choice::DrawVersion() {
  const VersionSplit& split = pool_.settings->split;
  if (request_.version_key) return VersionByKey(split, CombineHash(balancer_.service_hash_, *request_.version_key));
  if (request_.waited && request_.waited->version >= 0) {
    const auto waited = static_cast<size_t>(request_.waited->version);
    if (waited < split.shares.size() && split.shares[waited].share > 0) return waited;
  }
  if (!request_.tried.empty()) {
    const auto last = std::find_if(pool_.members.begin(), pool_.members.end(), [&](const PoolMember& member) {
      return member.endpoint.get() == request_.tried.back();
    });
    if (last != pool_.members.end() && last->version < split.shares.size()) return last->version;
  }
  return balancer_.versions_.Next();
}

PickKind Choice::Spill(size_t wanted) {
  const VersionSplit& split = pool_.settings->split;
  std::array<bool, 8> usable{};
  for (size_t i = 0; i < std::min(split.shares.size(), usable.size()); ++i) {
    usable[i] = i != wanted && eligibility_.FindTier(static_cast<int>(i)).usable;
  }
  if (!spill_ || !usable[*spill_]) spill_ = balancer_.versions_.Spill(usable, request_.version_key);
  if (spill_) {
    spilled_ = true;
    Enter(static_cast<int>(*spill_));
    return PickKind::kPicked;
  }
  // Nothing is usable in any version: panic, in the wanted one if it has endpoints at all.
  Enter(static_cast<int>(wanted));
  for (size_t i = 0; tier_.tier < 0 && i < split.shares.size(); ++i) {
    if (split.shares[i].share > 0) Enter(static_cast<int>(i));
  }
  return PickKind::kPicked;
}

const PoolMember* Choice::Sticky() {
  if (!request_.sticky || pool_.settings->sticky_cookie.empty()) return nullptr;
  const auto [begin, end] = eligibility_.range(tier_.tier);
  for (uint32_t i = begin; i < end; ++i) {
    const PoolMember& member = pool_.members[i];
    if (member.sticky != *request_.sticky || !eligibility_.MayServe(member, version_, tier_.panic)) continue;
    keeps_cookie_ = eligibility_.IsFull(*member.endpoint);
    return keeps_cookie_ ? nullptr : &member;
  }
  return nullptr;
}

const PoolMember* Choice::ByAlgorithm() {
  if (balancer_.large_ && eligibility_.range(tier_.tier).size() > Balancer::kScanLimit) {
    const auto member =
        ChooseFromLargeTier(*balancer_.large_, pool_, eligibility_, tier_, version_, request_.hash, balancer_.random_);
    if (member) return &pool_.members[*member];
  }
  std::vector<Candidate>& candidates = balancer_.candidates_;
  eligibility_.Collect(tier_, version_, candidates);
  if (pool_.settings->max_conns > 0) {
    std::erase_if(candidates, [&](const Candidate& candidate) {
      return eligibility_.IsFull(*pool_.members[candidate.member].endpoint);
    });
  }
  if (candidates.empty()) return nullptr;
  size_t best = 0;
  switch (pool_.settings->algorithm) {
    case Algorithm::kRoundRobin:
      best = NextInTurn(candidates, balancer_.current_);
      break;
    case Algorithm::kLeastConn:
      best = LeastBusy(candidates, pool_, balancer_.current_, balancer_.ties_);
      break;
    case Algorithm::kRandomTwo:
      best = LessBusyOfTwo(candidates, pool_, balancer_.random_);
      break;
    case Algorithm::kSourceHash:
      best = HighestBid(candidates, pool_, request_.hash);
      break;
  }
  return &pool_.members[candidates[best].member];
}

bool Choice::Take(const PoolMember& member) {
  if (!member.endpoint->Acquire(pool_.settings->max_conns)) return false;
  if (member.endpoint->Chosen(*pool_.settings, request_.now) || pool_.members.size() == 1) return true;
  if (tier_.panic) {
    member.endpoint->ChosenInPanic(request_.now);
    return true;
  }
  member.endpoint->Release();
  return false;
}

Pick Choice::Picked(const PoolMember& member) {
  const bool sticky = !pool_.settings->sticky_cookie.empty();
  return {.kind = PickKind::kPicked,
          .use = EndpointUse(member.endpoint),
          .member = &member,
          .set_sticky = sticky && !keeps_cookie_ && request_.sticky != member.sticky,
          .spilled = spilled_,
          .panic = tier_.panic};
}

Balancer::Balancer(uint64_t seed) : random_start_(seed != 0), random_(seed) {}

Balancer::~Balancer() = default;

// A member's in the rotations.
struct Balancer::Place {
  int64_t turn;
  double phase;
};

void Balancer::Update(std::shared_ptr<const Pool> pool) {
  std::unordered_map<const Endpoint*, Place> places;
  if (pool_) {
    const std::vector<double> phases = large_ ? large_->rotations.Phases() : std::vector<double>(current_.size(), 0);
    for (size_t i = 0; i < pool_->members.size(); ++i) {
      places.emplace(pool_->members[i].endpoint.get(), Place{current_[i], phases[i]});
    }
  }
  pool_ = std::move(pool);
  tiers_ = TierRanges(*pool_);
  service_hash_ = StableHash(pool_->service);
  versions_.Update(pool_->settings->split, random_start_ ? &random_ : nullptr);
  candidates_.reserve(pool_->members.size());
  ties_.reserve(pool_->members.size());
  surveys_.Clear();
  Arrange(places);
}

void Balancer::Arrange(const std::unordered_map<const Endpoint*, Place>& places) {
  const bool stays = std::any_of(pool_->members.begin(), pool_->members.end(),
                                 [&](const PoolMember& member) { return places.contains(member.endpoint.get()); });
  const bool random = !stays && random_start_;
  std::vector<double> phases(pool_->members.size());
  current_.assign(pool_->members.size(), 0);
  for (const TierRange& tier : tiers_) {
    const int64_t bound = Bound(*pool_, tier);
    for (uint32_t i = tier.begin; i < tier.end; ++i) {
      const PoolMember& member = pool_->members[i];
      const double whole = WholePhase(member);
      const auto known = places.find(member.endpoint.get());
      if (known != places.end()) {
        current_[i] = std::clamp(known->second.turn, -bound, bound);
        phases[i] = std::min(known->second.phase, whole);
      } else {
        current_[i] = 0;
        phases[i] = random ? random_.Unit() * whole : whole;
      }
    }
    if (random) BeginAnywhere(tier);
  }
  large_.reset();
  if (pool_->members.size() <= kScanLimit) return;
  large_ = std::make_unique<LargeTierState>();
  large_->rotations.Reset(std::move(phases));
}

void Balancer::BeginAnywhere(const TierRange& tier) {
  candidates_.clear();
  uint64_t cycle = 0;
  for (uint32_t i = tier.begin; i < tier.end; ++i) {
    const uint64_t weight = pool_->members[i].weight;
    if (weight > 0) candidates_.push_back({i, weight * 256});
    cycle += weight;
  }
  if (candidates_.size() > kScanLimit || cycle == 0) return;
  for (uint64_t rounds = random_.Below(std::min(cycle, kMostRounds)); rounds > 0; --rounds) {
    NextInTurn(candidates_, current_);
  }
}

Pick Balancer::Choose(const PickRequest& request) {
  if (!pool_ || pool_->members.empty()) return {};
  return Choice(*this, request).Make();
}

}  // namespace signpost::lb
