// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/exchange_pool.h"

#include <utility>

#include "lb/session/exchange.h"

namespace signpost::lb {
namespace {

constexpr size_t kMostFree = 256;

}  // namespace

ExchangePool::ExchangePool(SessionContext& context) : context_(context) {}
ExchangePool::~ExchangePool() = default;

std::unique_ptr<Exchange> ExchangePool::Take() {
  if (free_.empty()) return std::make_unique<Exchange>(context_);
  std::unique_ptr<Exchange> exchange = std::move(free_.back());
  free_.pop_back();
  return exchange;
}

void ExchangePool::Put(std::unique_ptr<Exchange> exchange) {
  if (free_.size() >= kMostFree) return;
  exchange->Release();
  free_.push_back(std::move(exchange));
}

}  // namespace signpost::lb
