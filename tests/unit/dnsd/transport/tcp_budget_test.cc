// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/tcp_budget.h"

#include <gtest/gtest.h>

namespace signpost::transport {
namespace {

net::SocketAddress Peer(const char* text) { return net::SocketAddress::Parse(text, 0).value(); }

TEST(TcpBudgetTest, CountsConnections) {
  TcpBudget budget(4, 0);
  EXPECT_EQ(budget.PercentUsed(), 0U);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(budget.Open(Peer("192.0.2.1:1000")));
  EXPECT_EQ(budget.PercentUsed(), 100U);
  EXPECT_FALSE(budget.over());
  EXPECT_TRUE(budget.Open(Peer("192.0.2.2:1000"))) << "one too many is let in, so that another can go";
  EXPECT_TRUE(budget.over());
  budget.Close(Peer("192.0.2.1:1000"));
  EXPECT_FALSE(budget.over());
}

TEST(TcpBudgetTest, LimitsOneClientWhateverItsPort) {
  TcpBudget budget(100, 2);
  EXPECT_TRUE(budget.Open(Peer("192.0.2.1:1000")));
  EXPECT_TRUE(budget.Open(Peer("192.0.2.1:1001")));
  EXPECT_FALSE(budget.Open(Peer("192.0.2.1:1002")));
  EXPECT_EQ(budget.PercentUsed(), 2U) << "the refused one does not count";
  EXPECT_TRUE(budget.Open(Peer("192.0.2.2:1000")));
  EXPECT_TRUE(budget.Open(Peer("[2001:db8::1]:1000")));
  budget.Close(Peer("192.0.2.1:1001"));
  EXPECT_TRUE(budget.Open(Peer("192.0.2.1:1003")));
}

}  // namespace
}  // namespace signpost::transport
