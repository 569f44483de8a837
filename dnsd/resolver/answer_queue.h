// Signpost. Apache-2.0; see LICENSE.
// The cache's entries in the order in which they came.
#pragma once

#include <cstdint>
#include <memory>

#include "dnsd/resolver/answer_cache.h"

namespace signpost::resolver {

struct CacheNode {
  static constexpr uint8_t kMaxUses = 3;

  AnswerCache::Entry entry;
  uint64_t hash = 0;
  size_t charge = 0;                // what it costs of the budget
  std::unique_ptr<CacheNode> next;  // in its bucket, which owns it
  CacheNode* older = nullptr;
  CacheNode* newer = nullptr;
  uint8_t uses = 0;  // since it came into its queue, at most kMaxUses
  bool in_main = false;
};

class CacheQueue {
 public:
  void Push(CacheNode& node) {
    node.older = newest_;
    node.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &node;
    newest_ = &node;
    bytes_ += node.charge;
    ++size_;
  }
  void Take(CacheNode& node) {
    (node.older != nullptr ? node.older->newer : oldest_) = node.newer;
    (node.newer != nullptr ? node.newer->older : newest_) = node.older;
    bytes_ -= node.charge;
    --size_;
  }

  CacheNode* oldest() const { return oldest_; }
  size_t bytes() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  CacheNode* oldest_ = nullptr;
  CacheNode* newest_ = nullptr;
  size_t bytes_ = 0;
  size_t size_ = 0;
};

}  // namespace signpost::resolver
