// Signpost. Apache-2.0; see LICENSE.
// Which keys hold one of the few blocking queries: least recently used goes first. Pure.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "dnsd/feed/keys.h"

namespace signpost::feed {

class WatchSlots {
 public:
  // A holder used less than `min_idle` ago is not evicted: with more names in use than slots, the slots must not
  // change hands with every question.
  WatchSlots(size_t slots, Millis min_idle) : slots_(slots), min_idle_(min_idle) {}

  struct Grant {
    bool held = false;                    // the key has a slot now
    bool fresh = false;                   // and did not have it before
    std::optional<catalog::Key> evicted;  // who lost it
  };
  Grant Use(const catalog::Key& key, Millis now);

  void Drop(const catalog::Key& key);
  bool Holds(const catalog::Key& key) const { return holders_.contains(key); }
  // Those not used for `limit` or longer. They keep their slots until dropped.
  std::vector<catalog::Key> Idle(Millis now, Millis limit) const;
  size_t size() const { return holders_.size(); }

 private:
  struct Holder {
    catalog::Key key;
    Millis used;
  };
  using Order = std::list<Holder>;  // most recently used first

  size_t slots_;
  Millis min_idle_;
  Order order_;
  std::unordered_map<catalog::Key, Order::iterator, KeyHash> holders_;
};

}  // namespace signpost::feed
