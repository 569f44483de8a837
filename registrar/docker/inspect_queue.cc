// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/inspect_queue.h"

namespace signpost::registrar {

void InspectQueue::Enqueue(Items::iterator item) {
  item->second.state = State::kQueued;
  item->second.dirty_again = false;
  ready_.push_back(item->first);
}

void InspectQueue::StopWaiting(Items::iterator item) {
  auto [from, to] = waiting_.equal_range(item->second.not_before);
  while (from != to && from->second != item->first) ++from;
  if (from != to) waiting_.erase(from);
}

void InspectQueue::MarkDirty(const std::string& id) {
  const auto [item, fresh] = items_.try_emplace(id);
  if (fresh) return Enqueue(item);
  if (item->second.state == State::kUnderWay) item->second.dirty_again = true;
  if (item->second.state != State::kWaiting) return;
  StopWaiting(item);
  Enqueue(item);
}

void InspectQueue::Want(const std::string& id) {
  const auto [item, fresh] = items_.try_emplace(id);
  if (fresh) Enqueue(item);
}

std::optional<std::string> InspectQueue::Next(Millis now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto item = items_.find(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    Enqueue(item);
  }
  if (ready_.empty()) return std::nullopt;
  std::string id = std::move(ready_.front());
  ready_.pop_front();
  items_.find(id)->second.state = State::kUnderWay;
  return id;
}

bool InspectQueue::Finish(const std::string& id) {
  const auto item = items_.find(id);
  if (item == items_.end() || item->second.state != State::kUnderWay) return false;
  if (item->second.dirty_again) {
    Enqueue(item);
    return false;
  }
  items_.erase(item);
  return true;
}

void InspectQueue::Fail(const std::string& id, Millis now) {
  const auto item = items_.find(id);
  if (item == items_.end() || item->second.state != State::kUnderWay) return;
  if (!item->second.backoff) item->second.backoff.emplace(first_, cap_);
  item->second.dirty_again = false;
  item->second.state = State::kWaiting;
  item->second.not_before = now + item->second.backoff->Next(random_);
  waiting_.emplace(item->second.not_before, id);
}

void InspectQueue::Interrupt() {
  waiting_.clear();
  for (auto item = items_.begin(); item != items_.end(); ++item) {
    item->second.backoff.reset();
    if (item->second.state != State::kQueued) Enqueue(item);
  }
}

std::optional<Millis> InspectQueue::NextDeadline() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

}  // namespace signpost::registrar
