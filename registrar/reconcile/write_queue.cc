// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/write_queue.h"

#include <algorithm>
#include <utility>

namespace signpost::registrar {

WriteQueue::Item& WriteQueue::At(std::string_view id) {
  const auto found = items_.find(id);
  return found != items_.end() ? found->second : items_.emplace(std::string(id), Item()).first->second;
}

void WriteQueue::Enqueue(Item& item, const std::string& id, Urgency urgency) {
  item.queued = true;
  if (urgency == Urgency::kFirst) {
    ready_.push_front(id);
  } else if (item.backoff) {
    delayed_.emplace(item.not_before, id);
  } else {
    ready_.push_back(id);
  }
}

void WriteQueue::MarkDirty(std::string_view id, Millis now, Urgency urgency) {
  Item& item = At(id);
  if (item.under_way) {
    item.dirty_again = std::max(item.dirty_again.value_or(urgency), urgency);
    return;
  }
  if (!item.queued) {
    item.since = now;
    Enqueue(item, std::string(id), urgency);
  } else if (urgency == Urgency::kFirst) {
    std::erase(ready_, id);
    std::erase_if(delayed_, [id](const auto& entry) { return entry.second == id; });
    ready_.emplace_front(id);
  }
}

std::optional<std::string> WriteQueue::Next(Millis now) {
  std::string id;
  if (!delayed_.empty() && delayed_.begin()->first <= now) {
    id = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
  } else if (!ready_.empty()) {
    id = std::move(ready_.front());
    ready_.pop_front();
  } else {
    return std::nullopt;
  }
  Item& item = items_.find(id)->second;
  item.queued = false;
  item.under_way = true;
  item.dirty_again.reset();
  return id;
}

// The item stays only while it remembers something.
void WriteQueue::Finish(std::string_view id, Millis now) {
  const auto found = items_.find(id);
  Item& item = found->second;
  item.under_way = false;
  if (item.dirty_again) {
    if (!item.backoff) item.since = now;
    Enqueue(item, found->first, *std::exchange(item.dirty_again, std::nullopt));
  } else if (item.parked.empty()) {
    items_.erase(found);
  }
}

void WriteQueue::Clean(std::string_view id, Millis now) {
  Item& item = At(id);
  item.backoff.reset();
  if (item.parked.empty()) item.trouble.clear();
  Finish(id, now);
}

void WriteQueue::Again(std::string_view id, Millis now) {
  Item& item = At(id);
  item.backoff.reset();
  if (item.parked.empty()) item.trouble.clear();
  if (!item.dirty_again) item.dirty_again = Urgency::kNormal;
  Finish(id, now);
}

void WriteQueue::Failed(std::string_view id, std::string text, Millis now) {
  Item& item = At(id);
  if (!item.backoff) item.backoff.emplace(options_.retry_first, options_.retry_cap);
  item.not_before = now + item.backoff->Next(random_);
  item.trouble = std::move(text);
  item.dirty_again = Urgency::kNormal;
  Finish(id, now);
}

void WriteQueue::Park(std::string_view id, const std::string& key, std::string text, Millis now) {
  Item& item = At(id);
  item.backoff.reset();
  item.parked.insert(key);
  item.trouble = std::move(text);
  if (!item.dirty_again) item.dirty_again = Urgency::kNormal;  // there may be something else to do
  Finish(id, now);
}

bool WriteQueue::IsParked(std::string_view id, std::string_view key) const {
  const auto found = items_.find(id);
  return found != items_.end() && found->second.parked.contains(std::string(key));
}

void WriteQueue::KeepParked(std::string_view id, const std::set<std::string>& keys) {
  const auto found = items_.find(id);
  if (found == items_.end() || found->second.parked.empty()) return;
  Item& item = found->second;
  std::erase_if(item.parked, [&keys](const std::string& key) { return !keys.contains(key); });
  if (item.parked.empty() && !item.backoff) item.trouble.clear();
}

bool WriteQueue::IsBusy(std::string_view id) const {
  const auto found = items_.find(id);
  return found != items_.end() && (found->second.queued || found->second.under_way);
}

void WriteQueue::ForgetFailures() {
  for (auto& [when, id] : std::exchange(delayed_, {})) ready_.push_back(id);
  for (auto& [id, item] : items_) {
    item.backoff.reset();
    item.parked.clear();
    item.trouble.clear();
  }
  std::erase_if(items_, [](const auto& entry) { return !entry.second.queued && !entry.second.under_way; });
}

std::optional<Millis> WriteQueue::NextDeadline(Millis now) const {
  if (!ready_.empty()) return now;
  if (!delayed_.empty()) return std::max(now, delayed_.begin()->first);
  return std::nullopt;
}

size_t WriteQueue::waiting() const { return ready_.size() + delayed_.size(); }

size_t WriteQueue::parked() const {
  return static_cast<size_t>(
      std::count_if(items_.begin(), items_.end(), [](const auto& entry) { return !entry.second.parked.empty(); }));
}

Millis WriteQueue::OldestWait(Millis now) const {
  Millis oldest{0};
  for (const auto& [id, item] : items_) {
    if (item.queued) oldest = std::max(oldest, now - item.since);
  }
  return oldest;
}

std::string WriteQueue::Trouble(std::string_view id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? "" : found->second.trouble;
}

}  // namespace signpost::registrar
