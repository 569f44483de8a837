// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/loss_guard.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace signpost::lb {
namespace {

// Smaller sets lose half too easily in daily life.
constexpr size_t kMassLeast = 4;
// Addresses held or remembered for one service beyond what one answer names.
constexpr size_t kMaxUnion = 4096;
// While rotation brings new addresses, and this long after the last, readings come twice as often.
constexpr Millis kGrowing{10000};

// An address that is in each reading with probability share = size/known is missing from this many in a row by chance
// once in 10,000 times: ln(10^-4) / ln(1 - share) < 10 / share.
uint32_t UnlikelyMisses(size_t size, size_t known) {
  return static_cast<uint32_t>(std::min<size_t>(10 * known / std::max<size_t>(size, 1), 300));
}

}  // namespace

// Enters a reading into seen_: what it has is stated from now on; of what it lacks only the misses are counted.
LossGuard::Difference LossGuard::Merge(Millis now, std::vector<Instance> set, Keys& keys) {
  std::map<std::string, std::vector<Instance>> by_address;
  for (Instance& instance : set) {
    std::string key = instance.address.ToString();
    by_address[std::move(key)].push_back(std::move(instance));
  }
  Difference out;
  for (auto& [key, entry] : seen_) {
    if (!entry.stated) continue;
    ++out.stated;
    if (!by_address.contains(key)) ++out.removed;
  }
  for (auto& [key, instances] : by_address) {
    std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) { return a.id < b.id; });
    const auto [at, fresh] = seen_.try_emplace(key);
    Seen& entry = at->second;
    if (!entry.stated) ++out.added;
    if (!fresh && (!entry.stated || entry.missed > 0)) ++out.back;
    entry = {std::move(instances), now, 0, Millis(0), true};
    keys.insert(key);
  }
  Bound(keys);
  return out;
}

void LossGuard::Bound(const Keys& keys) {
  if (seen_.size() <= kMaxUnion) return;
  std::vector<std::pair<Millis, std::string>> spare;
  for (const auto& [key, entry] : seen_) {
    if (!keys.contains(key)) spare.emplace_back(entry.last, key);
  }
  std::sort(spare.begin(), spare.end());
  spare.resize(std::min(spare.size(), seen_.size() - kMaxUnion));
  for (const auto& [last, key] : spare) seen_.erase(key);
}

// What is missing now was there before, and what is there was missing: neither growth nor loss.
bool LossGuard::Rotates(const Difference& difference, const Keys& keys) const {
  if (difference.removed == 0 || keys.size() < last_size_) return false;
  return difference.back > 0 || (!suspected_.empty() && difference.added > 0 && keys != suspected_);
}

bool LossGuard::Suspicious(const Difference& difference, size_t size, bool may_be_subset) const {
  if (difference.removed == 0) return false;
  if (!suspected_.empty()) return true;  // what waits for confirmation goes on waiting
  if (difference.stated < kMassLeast) return false;
  if (difference.removed * 2 > difference.stated) return true;
  return may_be_subset && difference.added > 0 && size >= last_size_;
}

void LossGuard::Set(Millis now, std::vector<Instance> set, bool may_be_subset) {
  if (set.empty()) {
    Empty(now, "no instances");
    return;
  }
  Keys keys;
  const Difference difference = Merge(now, std::move(set), keys);
  known_ = true;
  last_good_ = now;
  empty_count_ = 0;
  hurry_ = Millis(0);
  for (auto& [key, entry] : seen_) {
    if (!keys.contains(key) && entry.missed++ == 0) entry.missed_since = now;
  }
  if (may_be_subset && Rotates(difference, keys)) {
    if (!rotating_) grown_ = now;
    rotating_ = true;
  }
  if (rotating_) {
    RotateOn(now, difference, keys.size());
  } else if (Suspicious(difference, keys.size(), may_be_subset)) {
    Suspect(now, difference, keys, may_be_subset);
  } else {
    suspected_.clear();
    DropMissing(now, may_be_subset);
    Tell(ServiceState::kKnown, "");
  }
  last_size_ = keys.size();
}

void LossGuard::Suspect(Millis now, const Difference& difference, const Keys& keys, bool may_be_subset) {
  suspected_ = keys;
  DropConfirmed(now, may_be_subset);
  bool missing = false;
  Millis next = rules_.confirm_loss;
  for (const auto& [key, entry] : seen_) {
    if (!entry.stated || entry.missed == 0) continue;
    missing = true;
    next = std::min(next, rules_.confirm_loss - (now - entry.missed_since));
  }
  if (missing) {
    hurry_ = std::max(next, std::min(rules_.ask_again, rules_.confirm_loss));
    return Tell(ServiceState::kHeld, "lost " + std::to_string(difference.removed) + " of " +
                                         std::to_string(difference.stated) + " at once: waiting for confirmation");
  }
  suspected_.clear();
  Tell(ServiceState::kKnown, "");
}

// Two readings at least, and all since confirm_loss ago, were without it.
void LossGuard::DropConfirmed(Millis now, bool remember) {
  for (auto& [key, entry] : seen_) {
    if (entry.missed >= 2 && now - entry.missed_since >= rules_.confirm_loss) entry.stated = false;
  }
  Forget(now, remember);
}

void LossGuard::RotateOn(Millis now, const Difference& difference, size_t size) {
  suspected_.clear();
  if (difference.added > 0) grown_ = now;
  for (auto& [key, entry] : seen_) entry.stated = true;  // those remembered too
  const uint32_t misses = UnlikelyMisses(size, seen_.size());
  std::erase_if(seen_, [&](const auto& item) {
    const Seen& entry = item.second;
    return entry.missed > 0 && entry.missed >= misses && now - entry.last >= rules_.subset_hold;
  });
  rotating_ = std::any_of(seen_.begin(), seen_.end(), [](const auto& item) { return item.second.missed > 0; });
  if (rotating_) hurry_ = now - grown_ < kGrowing ? rules_.ask_again / 2 : rules_.ask_again;
  Tell(ServiceState::kKnown, "");
}

// Takes away what the last reading lacked. Whether it comes back is of interest for parts only.
void LossGuard::DropMissing(Millis now, bool remember) {
  for (auto& [key, entry] : seen_) entry.stated = entry.missed == 0;
  Forget(now, remember);
}

void LossGuard::Forget(Millis now, bool remember) {
  std::erase_if(seen_, [&](const auto& item) {
    return !item.second.stated && (!remember || now - item.second.last >= rules_.subset_hold);
  });
}

void LossGuard::Partial(Millis now, std::vector<Instance> set, const std::string& reason) {
  if (set.empty()) {
    Failed(now, reason);
    return;
  }
  Keys keys;
  Merge(now, std::move(set), keys);
  if (!known_) last_good_ = now;
  known_ = true;
  empty_count_ = 0;
  hurry_ = Millis(0);
  Tell(ServiceState::kHeld, reason);
}

void LossGuard::Empty(Millis now, const std::string& reason) {
  known_ = true;
  last_good_ = now;
  hurry_ = rules_.ask_again;
  suspected_.clear();
  if (empty_count_++ == 0) empty_since_ = now;
  const bool believed = empty_count_ >= rules_.empty_answers && now - empty_since_ >= rules_.hold_empty;
  if (!believed && !instances_.empty()) {
    Tell(ServiceState::kHeld, reason);
    return;
  }
  Clear();
  Tell(ServiceState::kEmpty, reason);
}

void LossGuard::Absent(Millis now) {
  known_ = true;
  last_good_ = now;
  hurry_ = rules_.ask_again;
  Clear();
  Tell(ServiceState::kDeclaredAbsent, "");
}

void LossGuard::Failed(Millis now, const std::string& reason) {
  changed_ = false;
  hurry_ = rules_.ask_again;
  if (!known_ || instances_.empty()) return;
  if (rules_.max_stale > Millis(0) && age(now) >= rules_.max_stale) {
    Clear();
    Tell(ServiceState::kEmpty, "stale: " + reason);
    return;
  }
  Tell(ServiceState::kHeld, reason);
}

void LossGuard::Clear() {
  seen_.clear();
  suspected_.clear();
  rotating_ = false;
  last_size_ = 0;
}

void LossGuard::Tell(ServiceState state, const std::string& reason) {
  std::vector<Instance> now;
  for (const auto& [key, entry] : seen_) {
    if (entry.stated) now.insert(now.end(), entry.instances.begin(), entry.instances.end());
  }
  changed_ = !std::exchange(told_, true) || state != state_ || reason != reason_ || now != instances_;
  state_ = state;
  reason_ = reason;
  instances_ = std::move(now);
}

}  // namespace signpost::lb
