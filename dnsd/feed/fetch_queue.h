// Signpost. Apache-2.0; see LICENSE.
// What is to be fetched next, each key at most once in the queue and once in flight. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>

#include "dnsd/feed/keys.h"

namespace signpost::feed {

enum class Urgency : unsigned char {
  kNow,      // a client waits for it
  kChanged,  // known to have changed, or in use and suspected to
  kLoad,     // never fetched yet, nobody waits
};

class FetchQueue {
 public:
  explicit FetchQueue(size_t max_in_flight) : max_in_flight_(max_in_flight) {}

  // A key that waits already moves up, never down. One in flight is fetched again afterwards: its reply may be older
  // than the reason to ask.
  void Push(const catalog::Key& key, Urgency urgency);

  // The next key, which is in flight from now on. Nothing if none waits or `max_in_flight` are. With `urgent_only`
  // only kNow keys are considered.
  std::optional<catalog::Key> Take(bool urgent_only);

  // Puts a key in flight that never waited. False, and nothing happens, if it waits or flies already or all are busy.
  bool TakeDirectly(const catalog::Key& key);

  // The reply for a key in flight came (or will not come).
  void Done(const catalog::Key& key);

  size_t waiting() const { return waiting_.size(); }
  size_t urgent() const { return urgent_; }  // kNow keys waiting
  size_t in_flight() const { return flying_.size(); }

 private:
  static constexpr size_t kLanes = 3;

  size_t max_in_flight_;
  size_t urgent_ = 0;
  std::array<std::deque<catalog::Key>, kLanes> lanes_;  // may hold keys that moved up: waiting_ decides
  std::unordered_map<catalog::Key, Urgency, KeyHash> waiting_;
  std::unordered_map<catalog::Key, std::optional<Urgency>, KeyHash> flying_;  // and how to queue it again afterwards
};

}  // namespace signpost::feed
