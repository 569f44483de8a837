// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/rate_limit.h"

#include <algorithm>
#include <limits>

#include "dnsd/query/plain_address.h"

namespace signpost::query {
namespace {

constexpr uint32_t kOneAnswer = 1000;  // in the unit of Slot::tokens: a rate per second is one per millisecond
constexpr uint32_t kMaxRate = std::numeric_limits<uint32_t>::max() / (2 * kOneAnswer);
constexpr size_t kWays = 4;  // slots that a network may have: one cache line's

}  // namespace

RateLimiter::RateLimiter(uint32_t per_second, const SipKey& key) : key_(key), per_second_(0), slots_(kSlots) {
  SetRate(per_second);
}

void RateLimiter::SetRate(uint32_t per_second) {
  per_second = std::min(per_second, kMaxRate);
  if (per_second == per_second_) return;
  per_second_ = per_second;
  std::ranges::fill(slots_, Slot{.tokens = Capacity()});
}

uint32_t RateLimiter::Capacity() const { return 2 * kOneAnswer * per_second_; }

uint32_t RateLimiter::TokensAt(const Slot& slot, uint32_t now_ms) const {
  const uint64_t earned = uint64_t{now_ms - slot.at_ms} * per_second_;
  return static_cast<uint32_t>(std::min<uint64_t>(slot.tokens + earned, Capacity()));
}

// The network's own slot, else the fullest it may have. A full one is as good as new; one that is not is shared, for
// taking it away would give both networks fresh tokens whenever they alternate.
RateLimiter::Slot& RateLimiter::Find(uint64_t hash, uint32_t now_ms) {
  Slot* const set = &slots_[hash % (kSlots / kWays) * kWays];
  const auto tag = static_cast<uint32_t>(hash >> 32);
  Slot* fullest = set;
  uint32_t most = 0;
  for (size_t i = 0; i < kWays; ++i) {
    if (set[i].tag == tag) return set[i];
    const uint32_t tokens = TokensAt(set[i], now_ms);
    if (tokens <= most) continue;
    most = tokens;
    fullest = &set[i];
  }
  if (most == Capacity()) fullest->tag = tag;
  return *fullest;
}

Limit RateLimiter::Check(std::span<const uint8_t> ip, uint64_t now_ms) {
  if (per_second_ == 0) return Limit::kPass;
  const auto address = PlainAddress(ip);
  const size_t prefix = address.size() == 4 ? 3 : 7;
  const auto now = static_cast<uint32_t>(now_ms);  // only differences count
  Slot& slot = Find(SipHash24(key_, address.first(std::min(prefix, address.size()))), now);
  slot.tokens = TokensAt(slot, now);
  slot.at_ms = now;
  if (slot.tokens >= kOneAnswer) {
    slot.tokens -= kOneAnswer;
    return Limit::kPass;
  }
  slot.slip = !slot.slip;
  return slot.slip ? Limit::kSlip : Limit::kDrop;
}

}  // namespace signpost::query
