// Signpost. Apache-2.0; see LICENSE.
// Answers by question, bounded in bytes. One per loop, and the resolver's own; each is used by one thread. The answers
// themselves are shared. Looking up does not allocate. The hash is keyed (F46).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "dnsd/resolver/answer.h"

namespace signpost::resolver {

class AnswerCache {
 public:
  struct Entry {
    std::shared_ptr<const Answer> answer;
    Age age = Age::kFresh;
    uint64_t until_ms = 0;  // monotonic: from then on a look-up must ask the resolver anew
    uint32_t hits = 0;      // since it was put
    bool refresh_asked = false;
  };

  // `bytes`: the sum of Answer::bytes and of what the table needs for them stays below this, whatever is put.
  AnswerCache(size_t bytes, uint64_t seed);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // Null if there is none; one that is past until_ms is returned all the same. Lives until the next Put or Remove.
  Entry* Find(const QuestionView& question);
  // Like Find, without counting as use.
  const Entry* Peek(const QuestionView& question) const;
  // Replaces what is there. Least used ones make room; an answer of more than kMaxEntry bytes is not kept.
  static constexpr size_t kMaxEntry = 16 << 10;
  void Put(std::shared_ptr<const Answer> answer, Age age, uint64_t until_ms);
  void Remove(const QuestionView& question);
  // Removes those for which `pred` is true; returns how many.
  size_t RemoveIf(const std::function<bool(const Entry&)>& pred);
  void ForEach(const std::function<void(const Entry&)>& visit) const;

  size_t size() const;
  size_t bytes() const;
  uint64_t evicted() const;  // so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::resolver
