// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/exchange_pool.h"

#include <gtest/gtest.h>

#include "common/net/loop.h"
#include "lb/session/exchange.h"
#include "lb/session/session_context.h"

namespace signpost::lb {
namespace {

TEST(ExchangePoolTest, KeepsSomeForTheNextRequests) {
  net::Loop loop;
  net::Reactor reactor(loop);
  SessionContext context(reactor, 1);
  ExchangePool& pool = *context.exchanges;
  std::vector<std::unique_ptr<Exchange>> taken;
  for (int i = 0; i < 300; ++i) taken.push_back(pool.Take());
  const Exchange* const last = taken[255].get();
  for (auto& exchange : taken) pool.Put(std::move(exchange));
  EXPECT_EQ(pool.size(), 256U);
  EXPECT_EQ(pool.Take().get(), last) << "the one whose memory is warm";
}

TEST(ExchangePoolTest, GivesLargeMemoryBack) {
  net::Loop loop;
  net::Reactor reactor(loop);
  SessionContext context(reactor, 1);
  auto exchange = context.exchanges->Take();
  exchange->held().assign(100000, 'x');
  context.exchanges->Put(std::move(exchange));
  EXPECT_LT(context.exchanges->Take()->held().capacity(), 100000U);
}

}  // namespace
}  // namespace signpost::lb
