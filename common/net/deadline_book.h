// Signpost. Apache-2.0; see LICENSE.
// All deadlines of a reactor, as one list per duration. Time is a parameter. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/net/deadline.h"

namespace signpost::net {

class DeadlineBook {
 public:
  DeadlineBook() = default;
  ~DeadlineBook();  // cancels what is armed
  DeadlineBook(const DeadlineBook&) = delete;
  DeadlineBook& operator=(const DeadlineBook&) = delete;

  // Due at `now` + `after`, rounded up to a step of an eighth of `after`, 1 to 20 ms, so that many end in one wake-up.
  // `now` never goes back. Less than a millisecond counts as one, more than ten years as ten years.
  void Arm(Deadline& deadline, Nanos now, Millis after);
  // Tells the owners of all that are due, by lists; within a list in order of arming. One that is armed meanwhile waits
  // for the next call.
  void Expire(Nanos now);
  // How long to sleep at most. Perhaps too short (after cancelling), never too long. Nothing when none is armed.
  std::optional<Millis> Wait(Nanos now) const;

  size_t lists() const { return lists_.size(); }  // for tests

  // Beyond so many different durations a deadline shares the list of a shorter one, and is put off until it is due.
  static constexpr size_t kExactLists = 48;

 private:
  struct List {
    int64_t duration;
    std::unique_ptr<DeadlineLink> head;  // its neighbours are the last and the first
  };
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  void Enter(Deadline& deadline, int64_t now, int64_t after);
  List& ListFor(int64_t duration);
  List* Find(int64_t duration);
  List& Add(int64_t duration);
  void ExpireList(DeadlineLink& head, int64_t now);

  std::vector<List> lists_;
  int64_t earliest_ = kNever;  // nothing is to be looked at before
  bool expiring_ = false;
};

}  // namespace signpost::net
