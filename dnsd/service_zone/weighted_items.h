// Signpost. Apache-2.0; see LICENSE.
// An immutable set of records with their weights, packed: a set of up to 16 bytes whose weights are all
// the same (four IPv4 addresses, say) costs no allocation and no further cache line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "dnsd/service_zone/draw.h"

namespace signpost::service_zone {

template <typename Item>
class WeightedItems {
 public:
  WeightedItems() = default;
  // `weights[i]` belongs to `items[i]`; zeros stand last.
  WeightedItems(std::span<const Item> items, std::span<const uint32_t> weights)
      : summary_(Summarize(weights)), size_(static_cast<uint32_t>(items.size())) {
    const bool plain = summary_.equal && summary_.positive == size_;
    const size_t bytes = items.size_bytes() + (plain ? 0 : weights.size_bytes());
    if (bytes > inline_.size()) heap_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
    weighted_ = !plain;
    if (!items.empty()) std::memcpy(data(), items.data(), items.size_bytes());
    if (weighted_) std::memcpy(data() + items.size_bytes(), weights.data(), weights.size_bytes());
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const Item> items() const { return {reinterpret_cast<const Item*>(data()), size_}; }
  const Item& operator[](size_t i) const { return items()[i]; }
  // Empty when all weights are the same.
  std::span<const uint32_t> weights() const {
    if (!weighted_) return {};
    return {reinterpret_cast<const uint32_t*>(data() + size_ * sizeof(Item)), size_};
  }
  const WeightSummary& summary() const { return summary_; }

 private:
  static_assert(sizeof(Item) % alignof(uint32_t) == 0, "weights follow the items");

  std::byte* data() { return heap_ ? heap_.get() : inline_.data(); }
  const std::byte* data() const { return heap_ ? heap_.get() : inline_.data(); }

  WeightSummary summary_;
  uint32_t size_ = 0;
  bool weighted_ = false;
  alignas(8) std::array<std::byte, 16> inline_{};
  std::unique_ptr<std::byte[]> heap_;
};

}  // namespace signpost::service_zone
