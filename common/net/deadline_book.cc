// Signpost. Apache-2.0; see LICENSE.
#include "common/net/deadline_book.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace signpost::net {
namespace {

constexpr int64_t kLongest = int64_t{10} * 365 * 24 * 3600 * 1000;
constexpr int64_t kNanosPerMilli = 1000000;

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

int64_t Step(int64_t duration) { return std::clamp<int64_t>(duration / 8, 1, 20); }

}  // namespace

DeadlineBook::~DeadlineBook() {
  for (const List& list : lists_) {
    while (list.head->next_ != list.head.get()) list.head->next_->Unlink();
  }
}

void DeadlineBook::Arm(Deadline& deadline, Nanos now, Millis after) {
  deadline.Unlink();
  const int64_t duration = std::clamp<int64_t>(after.count(), 1, kLongest);
  const int64_t start = RoundUp(now.count(), kNanosPerMilli) / kNanosPerMilli;
  deadline.due_ = RoundUp(start + duration, Step(duration));
  Enter(deadline, start, duration);
}

void DeadlineBook::Enter(Deadline& deadline, int64_t now, int64_t after) {
  const List& list = ListFor(after);
  deadline.look_ = list.duration == after ? deadline.due_ : RoundUp(now + list.duration, Step(list.duration));
  DeadlineLink& head = *list.head;
  deadline.previous_ = head.previous_;
  deadline.next_ = &head;
  head.previous_->next_ = &deadline;
  head.previous_ = &deadline;
  earliest_ = std::min(earliest_, deadline.look_);
}

DeadlineBook::List& DeadlineBook::ListFor(int64_t duration) {
  if (List* const exact = Find(duration)) return *exact;
  if (lists_.size() >= kExactLists && !expiring_) {
    std::erase_if(lists_, [](const List& list) { return list.head->next_ == list.head.get(); });
  }
  if (lists_.size() < kExactLists) return Add(duration);
  const auto shorter = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(duration)));
  List* const rough = Find(shorter);
  return rough != nullptr ? *rough : Add(shorter);
}

DeadlineBook::List* DeadlineBook::Find(int64_t duration) {
  for (List& list : lists_) {
    if (list.duration == duration) return &list;
  }
  return nullptr;
}

DeadlineBook::List& DeadlineBook::Add(int64_t duration) {
  List list{duration, std::make_unique<DeadlineLink>()};
  list.head->previous_ = list.head->next_ = list.head.get();
  return lists_.emplace_back(std::move(list));
}

void DeadlineBook::Expire(Nanos now) {
  const int64_t present = now.count() / kNanosPerMilli;
  if (present < earliest_) return;
  earliest_ = kNever;
  expiring_ = true;
  // By index: owners may arm with new durations.
  for (size_t i = 0; i < lists_.size(); ++i) ExpireList(*lists_[i].head, present);
  expiring_ = false;
  for (const List& list : lists_) {
    const DeadlineLink* const first = list.head->next_;
    if (first != list.head.get()) earliest_ = std::min(earliest_, static_cast<const Deadline*>(first)->look_);
  }
}

void DeadlineBook::ExpireList(DeadlineLink& head, int64_t now) {
  while (head.next_ != &head) {
    auto& first = static_cast<Deadline&>(*head.next_);
    if (first.look_ > now) return;
    first.Unlink();
    if (first.due_ > now) {
      Enter(first, now, first.due_ - now);
    } else {
      first.owner_.OnDeadline(first);  // may be its end
    }
  }
}

std::optional<Millis> DeadlineBook::Wait(Nanos now) const {
  if (earliest_ == kNever) return std::nullopt;
  const int64_t left = earliest_ * kNanosPerMilli - now.count();
  return Millis(std::max<int64_t>(0, RoundUp(std::max<int64_t>(left, 0), kNanosPerMilli) / kNanosPerMilli));
}

}  // namespace signpost::net
