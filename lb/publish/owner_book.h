// Signpost. Apache-2.0; see LICENSE.
// Who has which host name and port, when several services claim one. The older service wins, and who has it keeps it
// until it has been gone for the linger time: no flip-flop while instances come and go. Pure: the time is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "lb/publish/exposure.h"

namespace signpost::lb {

class OwnerBook {
 public:
  struct Holding {
    std::string service;
    Claim claim;                     // the last one, while it lingers
    std::optional<Millis> released;  // since when its service does not claim it any more
  };

  // All that `service` claims from now on. Of two services the one with less `since` is older, then the lesser name.
  void SetClaims(const std::string& service, uint64_t since, const std::vector<Claim>& claims);
  // What the config file has taken; no service gets it.
  void Reserve(std::set<std::string> resources);
  // Whether everything at the start is known. Until then the oldest claimant wins, whoever came first; afterwards who
  // has it keeps it.
  void Settle(bool settled) { settled_ = settled; }

  // After a batch of the above, and when NextExpiry has come: decides. True if a holding changed.
  bool Elect(Millis now, Millis linger);
  // When a lingering holding ends.
  std::optional<Millis> NextExpiry(Millis linger) const;

  // By resource.
  const std::map<std::string, Holding>& holdings() const { return holdings_; }

  struct Loser {
    std::string resource;
    std::string winner;  // "" = the config file
    std::string loser;
  };
  std::vector<Loser> Losers() const;
  // Whether Losers may say something else than at the last call of this.
  bool TakeClaimsChanged() { return std::exchange(claims_changed_, false); }

 private:
  using Rank = std::pair<uint64_t, std::string>;
  struct Claimant {
    uint64_t since = 0;
    std::set<std::string> resources;
  };

  void Withdraw(const std::string& service, uint64_t since, const std::string& resource);
  // Whether the holding changed; nothing if it ends.
  std::optional<bool> Keep(Holding& holding, const std::string& resource, Millis now, Millis linger);
  bool ElectOne(const std::string& resource, Millis now, Millis linger);

  bool settled_ = false;
  bool claims_changed_ = false;
  std::map<std::string, Claimant> services_;
  std::map<std::string, std::map<Rank, Claim>> claims_;  // by resource, the oldest first
  std::map<std::string, Holding> holdings_;
  std::set<std::string> reserved_;
  std::set<std::string> touched_;    // resources to decide about
  std::set<std::string> lingering_;  // resources whose holding is released
};

}  // namespace signpost::lb
