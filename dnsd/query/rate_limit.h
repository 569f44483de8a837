// Signpost. Apache-2.0; see LICENSE.
// Response rate limiting: how many UDP answers a network gets per second, so that nobody is flooded with answers to
// questions that another asked in its name. One per loop; bounded memory; does not allocate after it is made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/siphash.h"

namespace signpost::query {

enum class Limit : unsigned char {
  kPass,
  kSlip,  // answer with TC and nothing else: a real client comes back over TCP
  kDrop,
};

class RateLimiter {
 public:
  // `per_second` answers for each /24 of IPv4 and /56 of IPv6, twice as many at once after a pause; 0 = no limit. Of
  // those above it every second slips.
  RateLimiter(uint32_t per_second, const SipKey& key);
  Limit Check(std::span<const uint8_t> ip, uint64_t now_ms);
  // Another rate than before forgets what was counted.
  void SetRate(uint32_t per_second);

 private:
  struct Slot {
    uint32_t tag = 0;     // of the network; more networks than slots share them
    uint32_t tokens = 0;  // thousandths of an answer
    uint32_t at_ms = 0;
    bool slip = false;
  };
  static constexpr size_t kSlots = 16384;

  Slot& Find(uint64_t hash, uint32_t now_ms);
  uint32_t TokensAt(const Slot& slot, uint32_t now_ms) const;
  uint32_t Capacity() const;

  SipKey key_;
  uint32_t per_second_;
  std::vector<Slot> slots_;
};

}  // namespace signpost::query
