// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/session_context.h"

#include <gtest/gtest.h>

#include <set>

#include "common/net/loop.h"

namespace signpost::lb {
namespace {

class Fake final : public Session {
 public:
  explicit Fake(std::multiset<std::string>& seen) : seen_(seen) {}
  void OnDrain() override { seen_.insert("drain"); }
  void OnEndpointsRemoved() override { seen_.insert("removed"); }
  void Kill(Termination termination) override {
    seen_.insert(std::string(TerminationName(termination)));
    delete this;
  }

 private:
  ~Fake() override = default;
  std::multiset<std::string>& seen_;
};

class SessionContextTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Pool> PoolOf(const std::string& service, std::shared_ptr<PoolState> state) {
    Instance instance;
    instance.address = net::SocketAddress::Parse("192.0.2.1:80", 0).value();
    return std::make_shared<const Pool>(
        MakePool(service, 0, std::make_shared<const ServiceSettings>(), {instance}, book, std::move(state), Millis(1)));
  }
  void Publish(std::shared_ptr<const Pool> pool, bool removed = false) {
    auto routes = std::make_shared<Routes>();
    routes->http = std::make_shared<const HttpRouteTable>();
    routes->pools.push_back(std::move(pool));
    context.Publish(routes, removed);
  }

  std::multiset<std::string> seen;
  net::Loop loop;
  net::Reactor reactor{loop};
  EndpointBook book;
  SessionContext context{reactor, 1};
};

TEST_F(SessionContextTest, TellsSessionsOnlyOfRemovals) {
  context.sessions.Add(*new Fake(seen));
  context.sessions.Add(*new Fake(seen));
  Publish(nullptr);
  EXPECT_TRUE(seen.empty());
  Publish(nullptr, true);
  EXPECT_EQ(seen.count("removed"), 2U);
  EXPECT_EQ(context.sessions.size(), 2U);
}

TEST_F(SessionContextTest, SessionsMayGoWhileAllAreVisited) {
  for (int i = 0; i < 3; ++i) context.sessions.Add(*new Fake(seen));
  context.sessions.ForEach([](Session& session) { session.Kill(Termination::kIdle); });
  EXPECT_EQ(seen.count("idle"), 3U);
  EXPECT_EQ(context.sessions.size(), 0U);
}

TEST(SessionContextEndTest, KillsWhoIsLeft) {
  std::multiset<std::string> seen;
  net::Loop loop;
  net::Reactor reactor(loop);
  {
    SessionContext context(reactor, 1);
    context.sessions.Add(*new Fake(seen));
  }
  EXPECT_EQ(seen.count("shutdown"), 1U);
}

TEST_F(SessionContextTest, ABalancerFollowsTheNewestPool) {
  EXPECT_EQ(context.BalancerOf(0), nullptr) << "no routes yet";
  const auto state = std::make_shared<PoolState>();
  const auto first = PoolOf("web", state);
  Publish(first);
  Balancer* const balancer = context.BalancerOf(0);
  ASSERT_NE(balancer, nullptr);
  EXPECT_EQ(balancer->pool(), first);
  const auto second = PoolOf("web", state);
  Publish(second);
  EXPECT_EQ(context.BalancerOf(0), balancer) << "its place in the rotation stays";
  EXPECT_EQ(balancer->pool(), second);
  EXPECT_EQ(context.BalancerOf(1), nullptr);
  Publish(nullptr);
  EXPECT_EQ(context.BalancerOf(0), nullptr);
}

TEST_F(SessionContextTest, ASlotMayGetAnotherService) {
  Publish(PoolOf("web", std::make_shared<PoolState>()));
  context.BalancerOf(0);
  RetryBudget* const budget = &context.BudgetOf(0);
  EXPECT_EQ(&context.BudgetOf(0), budget);
  const auto other = PoolOf("api", std::make_shared<PoolState>());
  Publish(other);
  EXPECT_EQ(context.BalancerOf(0)->pool(), other);
}

class NeverServed final : public Waiter {
 public:
  bool TryAgain() override { return false; }
  void OnQueueTimeout() override {}
};

TEST_F(SessionContextTest, QueuesArePerSlot) {
  const auto state = std::make_shared<PoolState>();
  EXPECT_FALSE(context.Waiting(0));
  context.SlotFreed(7);
  NeverServed waiter;
  ASSERT_TRUE(context.QueueOf(0, state).Enter(waiter, 1, Millis(1000)));
  EXPECT_TRUE(context.Waiting(0));
  EXPECT_FALSE(context.Waiting(1));
  waiter.Leave();
  EXPECT_FALSE(context.Waiting(0));
}

}  // namespace
}  // namespace signpost::lb
