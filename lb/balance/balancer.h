// Signpost. Apache-2.0; see LICENSE.
// Which endpoint gets a request: version by share, tier by priority, endpoint by the service's algorithm. One per
// service and thread; its state is what smooth weighted round robin needs, everything else is in the Endpoints. Pure
// but for that: no I/O, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "lb/balance/candidate.h"
#include "lb/balance/survey_cache.h"
#include "lb/balance/version_choice.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

// What a request waits for when all that could serve it are at max_conns.
struct Wait {
  int line = 0;  // requests of one line want the same: first come, first served. A retry is not in the others' line
  int version = kAnyVersion;
  bool spilled = false;
};

struct PickRequest {
  Millis now{0};
  uint64_t hash = 0;                       // of the key that source_hash wants
  std::optional<uint64_t> sticky;          // the sticky cookie's value
  std::optional<uint64_t> version_key;     // of the key of the split; nothing = by turns
  std::string_view version;                // an allowed override; "" = none
  std::span<const Endpoint* const> tried;  // not again while others are there
  std::optional<Wait> waited;              // what kBusy said to this request before: it has had its turn
  std::span<const int> lines;              // in which others wait: not overtaken, unless by a retry
};

enum class PickKind : unsigned char {
  kPicked,
  kBusy,       // all that could serve are at max_conns, or others wait for them: wait in the queue
  kNone,       // the pool has no endpoint, or all were tried
  kNoVersion,  // strict: the version has no usable endpoint; or the override names none
};

struct Pick {
  PickKind kind = PickKind::kNone;
  EndpointUse use;                     // acquired; kPicked only
  const PoolMember* member = nullptr;  // of the pool that the balancer holds
  bool set_sticky = false;             // the client has no valid sticky cookie: set one
  bool spilled = false;
  bool panic = false;
  Wait wait;  // kBusy only
};

struct LargeTierState;

class Balancer {
 public:
  // Starts at a random place of the rotation, so that threads do not all begin with the heaviest endpoint. Seed 0
  // starts at its beginning: 5/1/1 gives a a b a c a a (case B01).
  explicit Balancer(uint64_t seed);
  ~Balancer();
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;

  // Takes over a new pool of the same service. Members that stay keep their place in the rotation.
  void Update(std::shared_ptr<const Pool> pool);
  const std::shared_ptr<const Pool>& pool() const { return pool_; }

  // Rules, in this order:
  // - Tried endpoints are left out.
  // - A version by override, key or turn, drawn once per request. One with nothing usable spills to the others in
  //   proportion to their shares; a full one does not: it is waited for. After a failed try without a key the version
  //   of that try keeps its turn.
  // - The lowest tier with at least min_usable usable endpoints, else the lowest with any. Usable: not drained, check
  //   passed, Endpoint::Passing. A full tier does not spill: it is waited for.
  // - Panic: when nothing is usable, all of the lowest tier that are not drained. Also when fewer than panic_percent of
  //   the tier are usable and no later tier has a usable one; a second try then prefers the usable ones.
  // - Weight 0 by settings.zero_weight.
  // - The sticky one, else by algorithm among those below max_conns. kBusy only when all of them are at it.
  // The only endpoint of a pool never counts as failed. Never allocates for pools of up to 64 endpoints. Time is
  // O(members) up to kScanLimit and for least_conn; above that O(log members) per choice for round_robin and
  // random_two, and for source_hash one hash per member; which tiers are usable is then looked up once per kSurveyAge.
  // The caller counts (PoolState): spills and panics are only told.
  Pick Choose(const PickRequest& request);

  static constexpr size_t kScanLimit = 128;
  static constexpr Millis kSurveyAge{50};

 private:
  struct Place;  // a member's in the rotations
  // Gives every member of the new pool its place: the old one, or one for newcomers.
  void Arrange(const std::unordered_map<const Endpoint*, Place>& places);
  // Plays a random number of rounds, all of them newcomers.
  void BeginAnywhere(const TierRange& tier);
  friend class Choice;

  std::shared_ptr<const Pool> pool_;
  std::vector<TierRange> tiers_;
  uint64_t service_hash_ = 0;
  std::vector<int64_t> current_;  // smooth weighted round robin, by member
  VersionTurns versions_;
  SurveyCache surveys_{kSurveyAge};
  std::unique_ptr<LargeTierState> large_;
  std::vector<Candidate> candidates_;  // scratch memory
  std::vector<Candidate> ties_;
  const bool random_start_;
  Random random_;
};

}  // namespace signpost::lb
