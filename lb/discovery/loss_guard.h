// Signpost. Apache-2.0; see LICENSE.
// Doubts what a source says of one service before instances are taken away: the last good set outlives failures for
// ever, emptiness and mass loss must be repeated, rotating subsets are joined. What comes new counts at once. Pure: the
// time comes in; whoever reads the source tells each reading, then looks at changed(), instances(), state().
//
//   reading                              effect
//   Failed (time-out, SERVFAIL, 403...)  set kept, kHeld; nothing at all is known before the first good reading
//
//   Empty (NXDOMAIN, [])                 kHeld; kEmpty when said for hold_empty and by empty_answers readings
//
//   Absent (target ".")                  kDeclaredAbsent at once
//
//   Partial (cut answer, stale read)     additions only, kHeld
//
//   Set, lacks more than half of >= 4    additions at once, kHeld; each address goes once two readings and confirm_loss
//                                        have passed without it, whatever else changed
//
//   Set, swaps members, may be a part    as above; a second swap proves rotation: then an address stays until it was
//                                        missing for subset_hold and from as many readings as make chance unlikely
//
//   Set, otherwise                       taken as it is, kKnown
//
// However they come and go, no more than some thousand addresses are held: those not seen for longest go first.
// Instances are the same when address and port are: changed weights, tags, meta always count at once.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "lb/discovery/source.h"
#include "lb/pool/instance.h"

namespace signpost::lb {

struct LossRules {
  Millis hold_empty{30000};
  uint32_t empty_answers = 3;
  Millis confirm_loss{5000};
  Millis subset_hold{30000};  // of sets told with may_be_subset
  Millis max_stale{0};        // failures for longer than this: kEmpty; 0 = never
  Millis ask_again{1000};     // how soon a doubtful or empty service is read again; the source's shortest interval
};

class LossGuard {
 public:
  explicit LossGuard(LossRules rules) : rules_(rules) {}

  // One reading each; `now` never goes back. An empty `set` is Empty. Sets need no order.
  void Set(Millis now, std::vector<Instance> set, bool may_be_subset = false);
  void Partial(Millis now, std::vector<Instance> set, const std::string& reason);
  void Empty(Millis now, const std::string& reason);
  void Absent(Millis now);
  void Failed(Millis now, const std::string& reason);

  // Whether instances(), state() or reason() differ from what they were before the last reading.
  bool changed() const { return changed_; }
  // False until the first reading that is not a failure: nothing is to be told yet.
  bool known() const { return known_; }
  // In the order of their addresses.
  const std::vector<Instance>& instances() const { return instances_; }
  ServiceState state() const { return state_; }
  const std::string& reason() const { return reason_; }
  // Time since the last reading that was not a failure (cases D13, C19).
  Millis age(Millis now) const { return now - last_good_; }
  // The next reading is wanted this soon after the last one, whatever the source's interval; 0 = no hurry.
  Millis hurry() const { return hurry_; }
  bool rotating() const { return rotating_; }

 private:
  // Of an address that is stated or was seen lately.
  struct Seen {
    std::vector<Instance> instances;  // more than one when the source names an address twice
    Millis last{0};                   // reading that had it
    uint32_t missed = 0;              // readings in a row without it
    Millis missed_since{0};           // the first of these
    bool stated = false;              // false: only remembered, to notice its return
  };
  using Keys = std::set<std::string>;  // addresses with ports
  // What a set changes.
  struct Difference {
    size_t stated = 0;   // before
    size_t removed = 0;  // stated ones that it lacks
    size_t added = 0;    // not stated before
    size_t back = 0;     // of which lately seen, or stated but missing last time
  };

  Difference Merge(Millis now, std::vector<Instance> set, Keys& keys);
  bool Rotates(const Difference& difference, const Keys& keys) const;
  bool Suspicious(const Difference& difference, size_t size, bool may_be_subset) const;
  void Suspect(Millis now, const Difference& difference, const Keys& keys, bool may_be_subset);
  void RotateOn(Millis now, const Difference& difference, size_t size);
  void Bound(const Keys& keys);
  void DropConfirmed(Millis now, bool remember);
  void DropMissing(Millis now, bool remember);
  void Forget(Millis now, bool remember);
  void Clear();
  void Tell(ServiceState state, const std::string& reason);

  LossRules rules_;
  std::map<std::string, Seen> seen_;
  std::vector<Instance> instances_;
  ServiceState state_ = ServiceState::kEmpty;
  std::string reason_;
  bool known_ = false;
  bool told_ = false;
  bool changed_ = false;
  Millis last_good_{0};
  Millis hurry_{0};
  size_t last_size_ = 0;  // of the last complete set

  uint32_t empty_count_ = 0;  // readings since the last set that said so; failures between do not matter
  Millis empty_since_{0};
  Keys suspected_;  // the last set, while losses wait for confirmation; empty = none
  bool rotating_ = false;
  Millis grown_{0};  // when rotation last brought something new
};

}  // namespace signpost::lb
