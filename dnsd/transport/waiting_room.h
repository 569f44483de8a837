// Signpost. Apache-2.0; see LICENSE.
// Questions parked until the catalog's source, or the resolver, has what they want. One per loop, on its thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/query/handler.h"
#include "dnsd/query/want.h"

namespace signpost::transport {

class WaitingRoom {
 public:
  // Questions waiting at once; one more is answered SERVFAIL, as are those above Policy::max_waiting_per_client.
  static constexpr size_t kCapacity = 16384;
  // From the arrival. Below the 4 s of Docker's resolver and the 5 s of glibc, so that SERVFAIL reaches them in time.
  // The resolver keeps its own time and is given a little more than it takes.
  static constexpr Millis kPatience{2500};
  static constexpr Millis kForwardPatience{3600};
  // How often a question may get what it wanted and want something else: then it is answered with what there is, lest
  // it keep others busy until its time is over. A chain changes its source less often.
  static constexpr size_t kMaxRounds = 16;

  // Delivers an answer; if the client is gone it goes nowhere.
  using Deliver = std::function<void(std::span<const uint8_t>)>;

  // `ask` asks for what is wanted; called once for each want that somebody waits for. `after` is called when questions
  // that had waited have been handled again.
  WaitingRoom(
      net::Loop& loop, query::Handler& handler, std::function<void(const query::Want&)> ask,
      std::function<void()> after = [] {});

  // The handler wanted `want` for `packet`, which is copied. `deliver` is called exactly once, now or later.
  void Park(std::span<const uint8_t> packet, const query::Context& context, const query::Want& want, Deliver deliver);
  // Something is known about `want` now: those who waited for it are answered, or wait for what they want next.
  void Wake(const query::Want& want) { Release(want, /*last_try=*/false); }
  // `want` could not be had: those who waited for it get what there is without it.
  void GiveUp(const query::Want& want) { Release(want, /*last_try=*/true); }

  size_t size() const { return size_; }
  uint64_t waiting(query::Transport transport) const {
    return waiting_[static_cast<size_t>(transport)].load(std::memory_order_relaxed);
  }

 private:
  using Client = std::string;  // the bytes of its address

  struct Parked {
    std::vector<uint8_t> packet;
    query::Transport transport;
    uint16_t keepalive_tenths;
    uint32_t wall_s;
    Millis arrived;
    Client client;
    Deliver deliver;
    size_t rounds = 0;  // handled again so often
  };

  static Millis DeadlineOf(const Parked& parked, const query::Want& want);
  bool HasRoomFor(const Client& client) const;
  void Admit(Parked parked, const query::Want& want);
  void Release(const query::Want& want, bool last_try);
  void Retry(Parked parked, bool last_try);
  void Expire();
  void CountIn(const Parked& parked);
  void CountOut(const Parked& parked);

  net::Loop& loop_;
  query::Handler& handler_;
  std::function<void(const query::Want&)> ask_;
  std::function<void()> after_;
  net::Timer expiry_;
  std::map<query::Want, std::vector<Parked>> parked_;
  std::unordered_map<Client, uint32_t> by_client_;
  size_t size_ = 0;
  std::array<std::atomic<uint64_t>, query::kTransports> waiting_{};
  std::vector<uint8_t> answer_;
};

}  // namespace signpost::transport
