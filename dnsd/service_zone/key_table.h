// Signpost. Apache-2.0; see LICENSE.
// A hash table from key text to entries, made for many keys and random look-ups: one cache line for the
// slot, one for the entry. std::unordered_map takes three, which shows at 100,000 services.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::service_zone {

// Open addressing with linear probing; at most half full. Entries stay where they are until erased.
template <typename Entry>
class KeyTable {
 public:
  // Null when there is none.
  Entry* Find(std::string_view key) {
    const size_t at = Probe(key, Hash(key));
    return slots_[at].node ? &slots_[at].node->entry : nullptr;
  }

  // The entry of `key`, made if there is none.
  Entry& At(std::string_view key) {
    if ((size_ + 1) * 2 > slots_.size()) Grow();
    const size_t hash = Hash(key);
    Slot& slot = slots_[Probe(key, hash)];
    if (!slot.node) {
      slot = {hash, std::make_unique<Node>(std::string(key))};
      ++size_;
    }
    return slot.node->entry;
  }

  void Erase(std::string_view key) {
    size_t hole = Probe(key, Hash(key));
    if (!slots_[hole].node) return;
    slots_[hole].node.reset();
    --size_;
    // Entries behind the hole that would be found through it move up (Knuth, 6.4, algorithm R).
    for (size_t at = Next(hole); slots_[at].node; at = Next(at)) {
      const size_t home = slots_[at].hash & Mask();
      if (((at - home) & Mask()) < ((at - hole) & Mask())) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
  }

  size_t size() const { return size_; }

  // `visit(key, entry)` for all, in no order.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.node) visit(std::string_view(slot.node->key), slot.node->entry);
    }
  }

  // For many look-ups at once: hash all keys, prefetch all slots, prefetch all entries; each step finds in the cache
  // what the one before it asked for. Answers nothing: a hint for the processor only.
  static size_t Hash(std::string_view key) { return std::hash<std::string_view>{}(key); }
  void PrefetchSlot(size_t hash) const { __builtin_prefetch(&slots_[hash & Mask()]); }
  void PrefetchEntry(size_t hash) const {
    const Node* node = slots_[hash & Mask()].node.get();
    __builtin_prefetch(node);
    __builtin_prefetch(node + 1);  // its last bytes may lie in the next line
  }
  // The entry in the slot where `hash` belongs: most often the right one. Null if the slot is free.
  const Entry* Guess(size_t hash) const {
    const Slot& slot = slots_[hash & Mask()];
    return slot.node ? &slot.node->entry : nullptr;
  }

 private:
  struct Node {
    explicit Node(std::string text) : key(std::move(text)) {}
    std::string key;
    Entry entry{};
  };
  struct Slot {
    size_t hash = 0;
    std::unique_ptr<Node> node;
  };

  size_t Mask() const { return slots_.size() - 1; }
  size_t Next(size_t at) const { return (at + 1) & Mask(); }

  // The slot that holds `key`, or the free one where it belongs.
  size_t Probe(std::string_view key, size_t hash) const {
    size_t at = hash & Mask();
    while (slots_[at].node && (slots_[at].hash != hash || slots_[at].node->key != key)) at = Next(at);
    return at;
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (Slot& slot : old) {
      if (!slot.node) continue;
      size_t at = slot.hash & Mask();
      while (slots_[at].node) at = Next(at);
      slots_[at] = std::move(slot);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(16);
  size_t size_ = 0;
};

}  // namespace signpost::service_zone
