// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/wait_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using test::RunTurns;
using test::RunUntil;

constexpr Millis kLong{60000};

// A service with so many free slots, which are all of one version, and what became of those who wait for one.
struct World {
  int slots = 0;
  int line = 0;  // that they are for
  int looks = 0;
  std::string served;
  std::string late;
};

class Customer final : public Waiter {
 public:
  Customer(World& world, char name) : world_(world), name_(name) {}
  bool TryAgain() override {
    EXPECT_FALSE(waiting());
    ++world_.looks;
    if (wants_next >= 0) WaitIn(wants = std::exchange(wants_next, -1));
    if (world_.slots == 0 || world_.line != wants) return false;
    --world_.slots;
    world_.served += name_;
    if (leaves_for_good != nullptr) leaves_for_good->reset();
    return true;
  }
  void OnQueueTimeout() override {
    EXPECT_FALSE(waiting());
    world_.late += name_;
    if (leaves_for_good != nullptr) leaves_for_good->reset();
  }
  int wants = 0;                                         // this line's slots
  int wants_next = -1;                                   // from its next try on; -1 = the same
  std::unique_ptr<Customer>* leaves_for_good = nullptr;  // destroys itself by this

 private:
  World& world_;
  const char name_;
};

class WaitQueueTest : public testing::Test {
 protected:
  bool Enter(Customer& customer, Millis timeout = kLong) {
    customer.WaitIn(customer.wants);
    return queue_.Enter(customer, 3, timeout);
  }
  // One more slot for that line.
  testing::AssertionResult Serves(int line, const std::string& served) {
    world_.slots = 1;
    world_.line = line;
    queue_.SlotFreed();
    return RunUntil(loop_, [&] { return world_.served == served; });
  }

  net::Loop loop_;
  net::Reactor reactor_{loop_};
  std::shared_ptr<PoolState> state_ = std::make_shared<PoolState>();
  World world_;
  Customer a_{world_, 'a'}, b_{world_, 'b'}, c_{world_, 'c'}, d_{world_, 'd'};
  WaitQueue queue_{reactor_, state_};
};

TEST_F(WaitQueueTest, F15ServesInOrder) {
  for (Customer* one : {&a_, &b_, &c_}) ASSERT_TRUE(Enter(*one));
  EXPECT_EQ(state_->waiting, 3U);
  world_.slots = 1;
  queue_.SlotFreed();
  EXPECT_EQ(world_.served, "");  // on the next turn
  ASSERT_TRUE(RunUntil(loop_, [&] { return world_.served == "a"; }));
  RunTurns(loop_, 10);
  EXPECT_EQ(world_.served, "a");
  world_.slots = 2;
  queue_.SlotFreed();
  EXPECT_TRUE(RunUntil(loop_, [&] { return world_.served == "abc"; }));
  EXPECT_EQ(state_->waiting, 0U);
  EXPECT_EQ(state_->queued, 3U);
}

TEST_F(WaitQueueTest, F15SlotOfAnotherThreadIsNoticed) {
  ASSERT_TRUE(Enter(a_));
  RunTurns(loop_, 10);
  world_.slots = 1;  // and nobody says so
  EXPECT_TRUE(RunUntil(
      loop_, [&] { return world_.served == "a"; }, Millis(500)));
}

TEST_F(WaitQueueTest, F15FailureKeepsThePlace) {
  ASSERT_TRUE(Enter(a_));
  ASSERT_TRUE(Enter(b_));
  ASSERT_TRUE(RunUntil(loop_, [&] { return world_.looks >= 2; }));
  EXPECT_TRUE(a_.waiting());
  world_.slots = 2;
  EXPECT_TRUE(RunUntil(loop_, [&] { return world_.served == "ab"; }));
}

TEST_F(WaitQueueTest, F15ALineHoldsUpNoOther) {
  b_.wants = 7;
  for (Customer* one : {&a_, &b_, &c_}) ASSERT_TRUE(Enter(*one));
  EXPECT_EQ(queue_.lines().size(), 2U);
  EXPECT_TRUE(Serves(7, "b"));
  EXPECT_TRUE(Serves(0, "ba"));
  EXPECT_TRUE(Serves(0, "bac"));
  EXPECT_TRUE(queue_.lines().empty());
}

TEST_F(WaitQueueTest, F15OnlyTheFirstOfAFullLineIsTried) {
  b_.wants = 7;
  for (Customer* one : {&a_, &b_, &c_}) ASSERT_TRUE(Enter(*one));
  queue_.SlotFreed();
  ASSERT_TRUE(RunUntil(loop_, [&] { return world_.looks > 0; }));
  EXPECT_EQ(world_.looks % 2, 0) << "a and b, not c";
  EXPECT_EQ(queue_.size(), 3U);
}

TEST_F(WaitQueueTest, F15WhoChangesTheLineKeepsItsRank) {
  b_.wants = 7;
  for (Customer* one : {&a_, &b_, &c_}) ASSERT_TRUE(Enter(*one));
  b_.wants_next = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] { return b_.wants == 0; }));
  EXPECT_EQ(queue_.lines().size(), 1U);
  EXPECT_TRUE(Serves(0, "a"));
  EXPECT_TRUE(Serves(0, "ab"));
  EXPECT_TRUE(Serves(0, "abc"));
}

TEST_F(WaitQueueTest, F15TimesOutInEveryLine) {
  b_.wants = 7;
  ASSERT_TRUE(Enter(a_));
  ASSERT_TRUE(Enter(b_, Millis(20)));
  EXPECT_TRUE(RunUntil(loop_, [&] { return world_.late == "b"; }));
  EXPECT_TRUE(a_.waiting());
}

TEST_F(WaitQueueTest, F15FullAfterTheLimit) {
  for (Customer* one : {&a_, &b_, &c_}) ASSERT_TRUE(Enter(*one));
  EXPECT_FALSE(Enter(d_));
  EXPECT_FALSE(d_.waiting());
  EXPECT_EQ(queue_.size(), 3U);
}

TEST_F(WaitQueueTest, F15TimesOut) {
  ASSERT_TRUE(Enter(a_, Millis(20)));
  ASSERT_TRUE(Enter(b_, Millis(20)));
  EXPECT_TRUE(RunUntil(loop_, [&] { return world_.late == "ab"; }));
  EXPECT_EQ(state_->queue_timeouts, 2U);
  EXPECT_EQ(state_->waiting, 0U);
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(WaitQueueTest, F16WhoLeavesFreesThePlace) {
  auto gone = std::make_unique<Customer>(world_, 'x');
  ASSERT_TRUE(Enter(*gone));
  ASSERT_TRUE(Enter(a_));
  ASSERT_TRUE(Enter(b_));
  gone.reset();
  b_.Leave();
  EXPECT_TRUE(Enter(c_));
  EXPECT_EQ(state_->waiting, 2U);
  world_.slots = 2;
  queue_.SlotFreed();
  EXPECT_TRUE(RunUntil(loop_, [&] { return world_.served == "ac"; }));
}

TEST_F(WaitQueueTest, MayDestroyItselfInItsTurn) {
  auto served = std::make_unique<Customer>(world_, 's');
  auto late = std::make_unique<Customer>(world_, 'l');
  served->leaves_for_good = &served;
  late->leaves_for_good = &late;
  ASSERT_TRUE(Enter(*late, Millis(1)));
  ASSERT_TRUE(Enter(*served));
  ASSERT_TRUE(RunUntil(loop_, [&] { return world_.late == "l"; }));
  world_.slots = 1;
  EXPECT_TRUE(RunUntil(loop_, [&] { return world_.served == "s"; }));
  EXPECT_EQ(late, nullptr);
  EXPECT_EQ(served, nullptr);
}

TEST_F(WaitQueueTest, DoesNotTickForNobody) {
  ASSERT_TRUE(Enter(a_));
  world_.slots = 9;
  ASSERT_TRUE(RunUntil(loop_, [&] { return world_.served == "a"; }));
  queue_.SlotFreed();
  const int looks = world_.looks;
  RunTurns(loop_, 20);
  EXPECT_EQ(world_.looks, looks);
}

// A waiter that ends the queue when it is called.
class Destroyer final : public Waiter {
 public:
  explicit Destroyer(std::unique_ptr<WaitQueue>& queue) : queue_(queue) {}
  bool TryAgain() override { return queue_.reset(), true; }
  void OnQueueTimeout() override { queue_.reset(); }

 private:
  std::unique_ptr<WaitQueue>& queue_;
};

TEST_F(WaitQueueTest, MayEndInsideACall) {
  for (const Millis timeout : {kLong, Millis(1)}) {
    auto queue = std::make_unique<WaitQueue>(reactor_, state_);
    Destroyer destroyer(queue);
    ASSERT_TRUE(queue->Enter(destroyer, 3, timeout));
    ASSERT_TRUE(queue->Enter(a_, 3, timeout));
    EXPECT_TRUE(RunUntil(loop_, [&] { return queue == nullptr; }));
    EXPECT_FALSE(a_.waiting());
  }
  EXPECT_EQ(state_->waiting, 0U);
  EXPECT_EQ(world_.looks, 0);
}

TEST_F(WaitQueueTest, MayEndBeforeItsWaiters) {
  {
    WaitQueue other(reactor_, state_);
    ASSERT_TRUE(other.Enter(a_, 1, kLong));
  }
  EXPECT_FALSE(a_.waiting());
  EXPECT_EQ(state_->waiting, 0U);
}

}  // namespace
}  // namespace signpost::lb
