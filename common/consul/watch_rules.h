// Signpost. Apache-2.0; see LICENSE.
// What a client of Consul's blocking queries must do with each reply, and how fast it may ask. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/clock.h"
#include "common/consul/agent_client.h"

namespace signpost::consul {

// What the last good reply left behind.
struct WatchPosition {
  uint64_t index = 0;  // 0 = ask without an index: the answer comes at once
  bool has_body = false;
  size_t body_hash = 0;

  friend bool operator==(const WatchPosition&, const WatchPosition&) = default;
};

struct WatchStep {
  AgentError error = AgentError::kNone;  // not kNone: keep the data at hand, back off
  bool changed = false;                  // the body differs from the last good one
  bool advanced = false;                 // the index moved: something that the path covers was written
  WatchPosition next;

  friend bool operator==(const WatchStep&, const WatchStep&) = default;
};

// A stale server without contact to its leader for longer than this is not believed.
inline constexpr Millis kMaxLastContact{30000};

// - Every failure resets the index: the first fetch after a reconnect asks for the state of now.
// - A reply without an index, or with index 0, would make a busy loop: kBadReply.
// - An index lower than the last one means a restored or another server: ask again without one.
// - known_leader false, or too long without the leader: kNoLeader, an election must not empty the catalog.
WatchStep NextStep(const WatchPosition& last, const AgentReply& reply, size_t body_hash,
                   Millis max_last_contact = kMaxLastContact);

// Consul adds up to wait/16 of jitter; the rest is slack for a busy server.
Millis BlockingTimeout(Millis wait);

// Bounds the rate of one loop.
class TokenBucket {
 public:
  TokenBucket(double burst, double per_second) : burst_(burst), per_second_(per_second), tokens_(burst) {}

  // Takes a token and returns how long to wait before acting on it. Consecutive calls queue up.
  Millis Take(Millis now);
  // Takes a token if one is there.
  bool TryTake(Millis now);
  // How long until TryTake succeeds.
  Millis WaitTime(Millis now);

 private:
  void Refill(Millis now);

  double burst_;
  double per_second_;
  double tokens_;
  Millis last_{0};
};

}  // namespace signpost::consul
