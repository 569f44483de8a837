// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/owner_book.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {

void OwnerBook::Withdraw(const std::string& service, uint64_t since, const std::string& resource) {
  const auto at = claims_.find(resource);
  at->second.erase({since, service});
  if (at->second.empty()) claims_.erase(at);
  touched_.insert(resource);
}

void OwnerBook::SetClaims(const std::string& service, uint64_t since, const std::vector<Claim>& claims) {
  const auto [entry, added] = services_.try_emplace(service);
  Claimant& claimant = entry->second;
  std::set<std::string> resources;
  for (const Claim& claim : claims) resources.insert(claim.resource);
  for (const std::string& resource : claimant.resources) {
    if (since != claimant.since) claims_[resource].erase({claimant.since, service});
    if (!resources.contains(resource)) Withdraw(service, claimant.since, resource);
  }
  claimant.since = since;
  claimant.resources = std::move(resources);
  for (const Claim& claim : claims) {
    Claim& known = claims_[claim.resource][{since, service}];
    if (known == claim) continue;
    known = claim;
    touched_.insert(claim.resource);
  }
  if (claims.empty()) services_.erase(entry);
}

void OwnerBook::Reserve(std::set<std::string> resources) {
  touched_.insert(reserved_.begin(), reserved_.end());
  touched_.insert(resources.begin(), resources.end());
  reserved_ = std::move(resources);
}

std::optional<bool> OwnerBook::Keep(Holding& holding, const std::string& resource, Millis now, Millis linger) {
  const auto claims = claims_.find(resource);
  if (claims != claims_.end()) {
    const auto& oldest = claims->second.begin();
    const auto own = std::find_if(oldest, claims->second.end(),
                                  [&](const auto& claim) { return claim.first.second == holding.service; });
    if (own != claims->second.end()) {
      if (!settled_ && own != oldest) return std::nullopt;
      const bool changed = holding.released.has_value() || !(holding.claim == own->second);
      holding.claim = own->second;
      holding.released.reset();
      return changed;
    }
  }
  const bool was_released = holding.released.has_value();
  if (!was_released) holding.released = now;
  if (now - *holding.released >= linger) return std::nullopt;
  lingering_.insert(resource);
  return !was_released;
}

bool OwnerBook::ElectOne(const std::string& resource, Millis now, Millis linger) {
  const auto held = holdings_.find(resource);
  const bool reserved = reserved_.contains(resource);
  lingering_.erase(resource);
  if (held != holdings_.end() && !reserved) {
    if (const auto changed = Keep(held->second, resource, now, linger)) return *changed;
  }
  const auto claims = claims_.find(resource);
  if (reserved || claims == claims_.end()) return holdings_.erase(resource) > 0;
  const auto& [rank, claim] = *claims->second.begin();
  holdings_[resource] = {rank.second, claim, std::nullopt};
  return true;
}

bool OwnerBook::Elect(Millis now, Millis linger) {
  bool changed = false;
  std::set<std::string> resources = std::exchange(touched_, {});
  claims_changed_ = claims_changed_ || !resources.empty();
  resources.insert(lingering_.begin(), lingering_.end());
  for (const std::string& resource : resources) changed = ElectOne(resource, now, linger) || changed;
  claims_changed_ = claims_changed_ || changed;
  return changed;
}

std::optional<Millis> OwnerBook::NextExpiry(Millis linger) const {
  std::optional<Millis> next;
  for (const std::string& resource : lingering_) {
    const Millis end = holdings_.at(resource).released.value_or(Millis(0)) + linger;
    if (!next || end < *next) next = end;
  }
  return next;
}

std::vector<OwnerBook::Loser> OwnerBook::Losers() const {
  std::vector<Loser> losers;
  for (const auto& [resource, claims] : claims_) {
    const auto held = holdings_.find(resource);
    const std::string winner = held == holdings_.end() ? "" : held->second.service;
    for (const auto& [rank, claim] : claims) {
      if (rank.second != winner) losers.push_back({resource, winner, rank.second});
    }
  }
  return losers;
}

}  // namespace signpost::lb
