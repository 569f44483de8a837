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
  if (item.backoff) {
    delayed_.emplace(item.not_before, id);
  } else if (urgency == Urgency::kFirst) {
    ready_.push_front(id);
  } else {
    ready_.push_back(id);
  }
}

void WriteQueue::MarkDirty(std::string_view id, Urgency urgency) {
  Item& item = At(id);
  if (item.under_way) {
    item.dirty_again = true;
    return;
  }
  if (!item.queued) {
    Enqueue(item, std::string(id), urgency);
  } else if (urgency == Urgency::kFirst && !item.backoff) {
    std::erase(ready_, id);
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
  item.dirty_again = false;
  ++under_way_;
  return id;
}

// The item stays only while it remembers something.
void WriteQueue::Finish(std::string_view id) {
  const auto found = items_.find(id);
  Item& item = found->second;
  item.under_way = false;
  --under_way_;
  if (item.dirty_again) {
    item.dirty_again = false;
    Enqueue(item, found->first, Urgency::kNormal);
  } else if (!item.queued && item.parked_key.empty()) {
    items_.erase(found);
  }
}

void WriteQueue::Clean(std::string_view id) {
  Item& item = At(id);
  item.backoff.reset();
  item.parked_key.clear();
  item.trouble.clear();
  Finish(id);
}

void WriteQueue::Again(std::string_view id) {
  Item& item = At(id);
  item.backoff.reset();
  item.parked_key.clear();
  item.trouble.clear();
  item.dirty_again = true;
  Finish(id);
}

void WriteQueue::Failed(std::string_view id, std::string text, Millis now) {
  Item& item = At(id);
  if (!item.backoff) item.backoff.emplace(options_.retry_first, options_.retry_cap);
  item.not_before = now + item.backoff->Next(random_);
  item.trouble = std::move(text);
  item.dirty_again = true;
  Finish(id);
}

void WriteQueue::Park(std::string_view id, std::string key, std::string text) {
  Item& item = At(id);
  item.backoff.reset();
  item.parked_key = std::move(key);
  item.trouble = std::move(text);
  Finish(id);
}

bool WriteQueue::IsParked(std::string_view id, std::string_view key) {
  const auto found = items_.find(id);
  if (found == items_.end() || found->second.parked_key.empty()) return false;
  if (found->second.parked_key == key) return true;
  found->second.parked_key.clear();
  found->second.trouble.clear();
  return false;
}

bool WriteQueue::IsBusy(std::string_view id) const {
  const auto found = items_.find(id);
  return found != items_.end() && !found->second.backoff && (found->second.queued || found->second.under_way);
}

void WriteQueue::ForgetFailures() {
  for (auto& [id, item] : items_) {
    if (!item.backoff) continue;
    item.backoff.reset();
    if (item.queued) ready_.push_back(id);
  }
  delayed_.clear();
}

std::optional<Millis> WriteQueue::NextDeadline(Millis now) const {
  if (!ready_.empty()) return now;
  if (!delayed_.empty()) return std::max(now, delayed_.begin()->first);
  return std::nullopt;
}

size_t WriteQueue::waiting() const { return ready_.size() + delayed_.size(); }

size_t WriteQueue::parked() const {
  return static_cast<size_t>(
      std::count_if(items_.begin(), items_.end(), [](const auto& entry) { return !entry.second.parked_key.empty(); }));
}

std::string WriteQueue::Trouble(std::string_view id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? "" : found->second.trouble;
}

}  // namespace signpost::registrar
