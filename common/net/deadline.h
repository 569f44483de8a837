// Signpost. Apache-2.0; see LICENSE.
// Coarse timeouts by the ten thousand: setting, moving and cancelling one costs a few list operations, whatever their
// number, because all that were set with the same duration expire in the order in which they were set.
#pragma once

#include <cstdint>

#include "common/base/clock.h"

namespace signpost::net {

class DeadlineBook;
class Deadline;

// On the loop's thread. May arm, cancel or destroy any deadline, itself included.
class DeadlineOwner {
 public:
  virtual void OnDeadline(Deadline& deadline) = 0;

 protected:
  ~DeadlineOwner() = default;
};

// A place in a circular list; alone when next_ is null.
class DeadlineLink {
 protected:
  friend class DeadlineBook;
  void Unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

  DeadlineLink* previous_ = nullptr;
  DeadlineLink* next_ = nullptr;
};

// One timeout of one owner. Part of its owner; not movable. Destroying it cancels.
class Deadline : private DeadlineLink {
 public:
  explicit Deadline(DeadlineOwner& owner) : owner_(owner) {}
  ~Deadline() { Cancel(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  bool armed() const { return next_ != nullptr; }
  void Cancel() { Unlink(); }

 private:
  friend class DeadlineBook;
  DeadlineOwner& owner_;
  int64_t due_ = 0;   // ms, on the book's clock
  int64_t look_ = 0;  // when the book looks at it next, by its place in the list; due_ or before
};

}  // namespace signpost::net
