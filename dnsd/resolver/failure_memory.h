// Signpost. Apache-2.0; see LICENSE.
// Questions that failed lately, so that clients who repeat them are answered at once (RFC 9520, F39): 1 s, doubling to
// 30 s while it goes on. Apart from the answers, because a failure must not push a good answer out (F32). Bounded.
// Pure: time is a parameter, in monotonic milliseconds. The table is a tree: strangers cannot aim at it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "dnsd/resolver/answer.h"

namespace signpost::resolver {

class FailureMemory {
 public:
  static constexpr uint64_t kFirstMs = 1000, kMostMs = 30'000;
  static constexpr uint64_t kRecheckMs = 30'000;  // RFC 8767 5: for so long a stale answer is given at once
  static constexpr size_t kMost = 8192;

  // How long the failure that happened now is to count.
  uint64_t NextKeep(const Question& question, uint64_t now_ms) const {
    const auto found = table_.find(question);
    if (found == table_.end()) return kFirstMs;
    const Entry& entry = *found->second;
    const bool new_start = entry.keep_ms == 0 || now_ms > entry.failed_ms + entry.keep_ms + kMostMs;
    return new_start ? kFirstMs : std::min(entry.keep_ms * 2, kMostMs);
  }

  // `keep_ms` from NextKeep, or another time for a failure of another kind.
  void Put(std::shared_ptr<const Answer> failure, uint64_t now_ms, uint64_t keep_ms) {
    PutAs(std::move(failure), now_ms, keep_ms, false);
  }
  // Of what the upstreams do say and what is of no use: no stale answer stands in for it.
  void PutFinal(std::shared_ptr<const Answer> failure, uint64_t now_ms, uint64_t keep_ms) {
    PutAs(std::move(failure), now_ms, keep_ms, true);
  }
  // No answer in the time that a client waits.
  void PutSlow(const Question& question, uint64_t now_ms) {
    Entry& entry = Touch(question);
    entry.failed_ms = now_ms;
    entry.final = false;
  }

  // Null when it has not failed or may be asked again.
  std::shared_ptr<const Answer> Find(const Question& question, uint64_t now_ms) const {
    const auto found = table_.find(question);
    if (found == table_.end()) return nullptr;
    const Entry& entry = *found->second;
    return now_ms < entry.failed_ms + entry.keep_ms ? entry.failure : nullptr;
  }
  // A stale answer may go out without waiting for the upstreams again.
  bool StaleAtOnce(const Question& question, uint64_t now_ms) const {
    const auto found = table_.find(question);
    return found != table_.end() && !found->second->final && now_ms < found->second->failed_ms + kRecheckMs;
  }
  bool IsFinal(const Question& question) const {
    const auto found = table_.find(question);
    return found != table_.end() && found->second->final;
  }

  void Forget(const Question& question) {
    const auto found = table_.find(question);
    if (found == table_.end()) return;
    order_.erase(found->second);
    table_.erase(found);
  }
  void Clear() {
    table_.clear();
    order_.clear();
  }
  size_t size() const { return table_.size(); }

 private:
  struct Entry {
    Question question;
    std::shared_ptr<const Answer> failure;  // null: slow only
    uint64_t failed_ms = 0;
    uint64_t keep_ms = 0;
    bool final = false;
  };

  void PutAs(std::shared_ptr<const Answer> failure, uint64_t now_ms, uint64_t keep_ms, bool final) {
    Entry& entry = Touch(failure->question);
    entry.failure = std::move(failure);
    entry.failed_ms = now_ms;
    entry.keep_ms = keep_ms;
    entry.final = final;
  }

  // Makes room by what was touched longest ago.
  Entry& Touch(const Question& question) {
    const auto [place, added] = table_.try_emplace(question, order_.end());
    if (!added) {
      order_.splice(order_.end(), order_, place->second);
      return *place->second;
    }
    order_.push_back({.question = question});
    place->second = std::prev(order_.end());
    if (order_.size() > kMost) {
      table_.erase(order_.front().question);
      order_.pop_front();
    }
    return order_.back();
  }

  std::list<Entry> order_;
  std::map<Question, std::list<Entry>::iterator> table_;
};

}  // namespace signpost::resolver
