// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/draw.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace signpost::service_zone {
namespace {

// Above this many items the quadratic draw by running sums costs more than one logarithm each and a sort.
constexpr size_t kSumsLimit = 32;

}  // namespace

WeightSummary Summarize(std::span<const uint32_t> weights) {
  WeightSummary summary;
  for (const uint32_t w : weights) {
    if (w == 0) break;
    summary.total += w;
    ++summary.positive;
    summary.equal &= w == weights[0];
  }
  return summary;
}

void Drawer::Reserve(size_t items) {
  if (items <= order_.size()) return;
  order_.resize(items);
  keys_.resize(items);
}

std::span<const uint32_t> Drawer::InOrder(size_t n) {
  Reserve(n);
  std::iota(order_.begin(), order_.begin() + static_cast<ptrdiff_t>(n), 0U);
  return {order_.data(), n};
}

std::span<const uint32_t> Drawer::Draw(size_t n, std::span<const uint32_t> weights, const WeightSummary& summary,
                                       size_t want) {
  want = std::min(want, n);
  InOrder(n);
  if (summary.equal) {
    Shuffle(0, summary.positive, want);
  } else if (summary.positive <= kSumsLimit) {
    DrawBySums(weights, summary, want);
  } else {
    DrawByKeys(weights, summary.positive, want);
  }
  if (want > summary.positive) Shuffle(summary.positive, n, want - summary.positive);
  return {order_.data(), want};
}

// Fisher and Yates, stopped after `want` places.
void Drawer::Shuffle(size_t first, size_t last, size_t want) {
  for (size_t i = first; i + 1 < last && i < first + want; ++i) {
    std::swap(order_[i], order_[i + random_.Below(last - i)]);
  }
}

void Drawer::DrawBySums(std::span<const uint32_t> weights, const WeightSummary& summary, size_t want) {
  uint64_t left = summary.total;
  for (size_t i = 0; i + 1 < summary.positive && i < want; ++i) {
    uint64_t ticket = random_.Below(left);
    size_t j = i;
    while (ticket >= weights[order_[j]]) ticket -= weights[order_[j++]];
    left -= weights[order_[j]];
    std::swap(order_[i], order_[j]);
  }
}

// Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the items in ascending order of
// -ln(U)/weight are distributed as repeated draws by weight.
void Drawer::DrawByKeys(std::span<const uint32_t> weights, size_t positive, size_t want) {
  for (size_t i = 0; i < positive; ++i) keys_[i] = -std::log1p(-random_.Unit()) / weights[i];
  const auto begin = order_.begin();
  const auto middle = begin + static_cast<ptrdiff_t>(std::min(want, positive));
  std::partial_sort(begin, middle, begin + static_cast<ptrdiff_t>(positive),
                    [this](uint32_t a, uint32_t b) { return keys_[a] < keys_[b]; });
}

}  // namespace signpost::service_zone
