// Signpost. Apache-2.0; see LICENSE.
// Questions parked until the catalog's source has answered for a key. One per loop, on its thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/catalog/catalog.h"
#include "dnsd/query/handler.h"

namespace signpost::transport {

class WaitingRoom {
 public:
  // Questions waiting at once; one more is answered SERVFAIL.
  static constexpr size_t kCapacity = 4096;
  // Below the 4 s of Docker's resolver and the 5 s of glibc, so that SERVFAIL reaches them in time.
  static constexpr Millis kPatience{2500};

  // Delivers an answer; if the client is gone it goes nowhere.
  using Deliver = std::function<void(std::span<const uint8_t>)>;

  // `want` asks the source for a key; called once for each key that somebody waits for.
  WaitingRoom(net::Loop& loop, query::Handler& handler, std::function<void(const catalog::Key&)> want);

  // The handler wanted `key` for `packet`, which is copied. `deliver` is called exactly once, now or later.
  void Park(std::span<const uint8_t> packet, const query::Context& context, const catalog::Key& key, Deliver deliver);
  // Something is known about `key` now: those who waited for it are answered, or wait for what they want next.
  void Wake(const catalog::Key& key) { Release(key, /*last_try=*/false); }
  // `key` could not be had: those who waited for it get what there is without it.
  void GiveUp(const catalog::Key& key) { Release(key, /*last_try=*/true); }

  size_t size() const { return size_; }
  uint64_t waiting(query::Transport transport) const {
    return waiting_[static_cast<size_t>(transport)].load(std::memory_order_relaxed);
  }

 private:
  struct Parked {
    std::vector<uint8_t> packet;
    query::Transport transport;
    uint16_t keepalive_tenths;
    Millis deadline;
    Deliver deliver;
  };

  void Admit(Parked parked, const catalog::Key& key);
  void Release(const catalog::Key& key, bool last_try);
  void Retry(Parked parked, bool last_try);
  void Expire();
  void CountWaiting(query::Transport transport, int64_t change);

  net::Loop& loop_;
  query::Handler& handler_;
  std::function<void(const catalog::Key&)> want_;
  net::Timer expiry_;
  std::map<catalog::Key, std::vector<Parked>> parked_;
  size_t size_ = 0;
  std::array<std::atomic<uint64_t>, query::kTransports> waiting_{};
  std::vector<uint8_t> answer_;
};

}  // namespace signpost::transport
