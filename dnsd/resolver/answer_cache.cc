// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/answer_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/siphash.h"
#include "dnsd/resolver/answer_queue.h"

namespace signpost::resolver {
namespace {

// One bucket for so many bytes of the budget: typical entries of half a kilobyte make chains of two. The table never
// grows, so no Put pauses for it.
constexpr size_t kBytesPerBucket = 1024;
constexpr size_t kMaxBuckets = size_t{1} << 20;
// A cached answer's five heap blocks have headers and are rounded up.
constexpr size_t kHeapOverhead = 5 * 24;
// So many entries are given another round before one goes all the same: a Put has an upper bound in time.
constexpr size_t kMaxRounds = 64;

SipKey KeyFrom(uint64_t seed) {
  SipKey key{};
  std::memcpy(key.data(), &seed, sizeof seed);
  const uint64_t other = ~seed * 0x9e3779b97f4a7c15;
  std::memcpy(&key[8], &other, sizeof other);
  return key;
}

uint64_t Hash(const SipKey& key, const QuestionView& question) {
  uint8_t bytes[wire::kMaxName + 3];
  const size_t n = std::min(question.name.size(), wire::kMaxName);
  std::memcpy(bytes, question.name.data(), n);
  StoreU16(&bytes[n], question.type);
  bytes[n + 2] =
      static_cast<uint8_t>((question.variant.dnssec_ok ? 1 : 0) | (question.variant.checking_disabled ? 2 : 0));
  return SipHash24(key, {bytes, n + 3});
}

size_t Buckets(size_t bytes) { return std::clamp<size_t>(std::bit_floor(bytes / kBytesPerBucket | 1), 1, kMaxBuckets); }

}  // namespace

// S3-FIFO (Yang and others, SOSP 2023): new answers pass a small queue and reach the main one only when they were used
// twice there, or come back soon after they had to go. CLOCK would let random names under one domain (F36) push out
// what everybody asks for. Used twice, because the query that waited for an answer looks it up once in any case.
struct AnswerCache::Impl {
  Impl(size_t bytes, uint64_t seed)
      : budget(bytes), key(KeyFrom(seed)), buckets(Buckets(bytes)), ghosts(buckets.size(), 0) {
    used = sizeof(Impl) + buckets.size() * (sizeof buckets[0] + sizeof ghosts[0]);
  }
  ~Impl() {
    while (CacheNode* node = small.oldest()) Drop(*node);
    while (CacheNode* node = main.oldest()) Drop(*node);
  }

  std::unique_ptr<CacheNode>& Bucket(uint64_t hash) { return buckets[hash & (buckets.size() - 1)]; }
  const CacheNode* Find(const QuestionView& question) const {
    const uint64_t hash = Hash(key, question);
    for (const CacheNode* node = buckets[hash & (buckets.size() - 1)].get(); node != nullptr; node = node->next.get()) {
      const Question& q = node->entry.answer->question;
      if (node->hash == hash && q.type == question.type && q.variant == question.variant && q.name == question.name) {
        return node;
      }
    }
    return nullptr;
  }
  CacheNode* Find(const QuestionView& question) { return const_cast<CacheNode*>(std::as_const(*this).Find(question)); }

  CacheQueue& QueueOf(const CacheNode& node) { return node.in_main ? main : small; }

  // `node` has its entry, and what is remembered of the entry that it replaces.
  void Insert(std::unique_ptr<CacheNode> node) {
    const uint64_t hash = node->hash = Hash(key, View(node->entry.answer->question));
    uint32_t& ghost = ghosts[hash & (buckets.size() - 1)];
    if (ghost == Fingerprint(hash)) {
      node->in_main = true;
      ghost = 0;
    }
    used += node->charge;
    QueueOf(*node).Push(*node);
    node->next = std::move(Bucket(hash));
    Bucket(hash) = std::move(node);
  }

  void Drop(CacheNode& node) {
    QueueOf(node).Take(node);
    used -= node.charge;
    std::unique_ptr<CacheNode>* link = &Bucket(node.hash);
    while (link->get() != &node) link = &(*link)->next;
    *link = std::move(node.next);
  }

  static uint32_t Fingerprint(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) | 1; }

  void MakeRoom(size_t bytes) {
    size_t rounds = 0;
    while (used + bytes > budget) {
      const bool from_small = small.oldest() != nullptr && (small.bytes() * 10 > budget || main.oldest() == nullptr);
      CacheNode* node = from_small ? small.oldest() : main.oldest();
      if (node == nullptr) return;
      const bool again = from_small ? node->uses > 1 : node->uses > 0;
      if (again && rounds++ < kMaxRounds) {
        QueueOf(*node).Take(*node);
        node->uses = from_small ? 0 : static_cast<uint8_t>(node->uses - 1);
        node->in_main = true;
        main.Push(*node);
        continue;
      }
      if (from_small) ghosts[node->hash & (buckets.size() - 1)] = Fingerprint(node->hash);
      Drop(*node);
      ++evicted;
    }
  }

  const size_t budget;
  const SipKey key;
  std::vector<std::unique_ptr<CacheNode>> buckets;
  std::vector<uint32_t> ghosts;  // of those that went from the small queue, one for each bucket; 0 = none
  CacheQueue small;
  CacheQueue main;
  size_t used = 0;
  uint64_t evicted = 0;
};

AnswerCache::AnswerCache(size_t bytes, uint64_t seed) : impl_(std::make_unique<Impl>(bytes, seed)) {}
AnswerCache::~AnswerCache() = default;

AnswerCache::Entry* AnswerCache::Find(const QuestionView& question) {
  CacheNode* node = impl_->Find(question);
  if (node == nullptr) return nullptr;
  ++node->entry.hits;
  if (node->uses < CacheNode::kMaxUses) ++node->uses;
  return &node->entry;
}

const AnswerCache::Entry* AnswerCache::Peek(const QuestionView& question) const {
  const CacheNode* node = std::as_const(*impl_).Find(question);
  return node == nullptr ? nullptr : &node->entry;
}

void AnswerCache::Put(std::shared_ptr<const Answer> answer, Age age, uint64_t until_ms) {
  const bool too_large = answer->bytes() > kMaxEntry;
  auto node = std::make_unique<CacheNode>();
  node->charge = answer->bytes() + sizeof(CacheNode) + kHeapOverhead;
  if (CacheNode* old = impl_->Find(View(answer->question)); old != nullptr) {
    node->uses = old->uses;
    node->in_main = old->in_main;
    impl_->Drop(*old);
  }
  if (too_large) return;
  impl_->MakeRoom(node->charge);
  if (impl_->used + node->charge > impl_->budget) return;
  node->entry = {.answer = std::move(answer), .age = age, .until_ms = until_ms};
  impl_->Insert(std::move(node));
}

void AnswerCache::Remove(const QuestionView& question) {
  if (CacheNode* node = impl_->Find(question); node != nullptr) impl_->Drop(*node);
}

size_t AnswerCache::RemoveIf(const std::function<bool(const Entry&)>& pred) {
  size_t removed = 0;
  for (CacheQueue* queue : {&impl_->small, &impl_->main}) {
    for (CacheNode* node = queue->oldest(); node != nullptr;) {
      CacheNode* const next = node->newer;
      if (pred(node->entry)) {
        impl_->Drop(*node);
        ++removed;
      }
      node = next;
    }
  }
  return removed;
}

void AnswerCache::ForEach(const std::function<void(const Entry&)>& visit) const {
  for (const CacheQueue* queue : {&impl_->small, &impl_->main}) {
    for (const CacheNode* node = queue->oldest(); node != nullptr; node = node->newer) visit(node->entry);
  }
}

size_t AnswerCache::size() const { return impl_->small.size() + impl_->main.size(); }
size_t AnswerCache::bytes() const { return impl_->used; }
uint64_t AnswerCache::evicted() const { return impl_->evicted; }

}  // namespace signpost::resolver
