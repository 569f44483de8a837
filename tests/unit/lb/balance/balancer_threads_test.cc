// Signpost. Apache-2.0; see LICENSE.
// Several threads, each with its balancer, on the same endpoints.
#include <atomic>
#include <thread>

#include "lb/balance/balancer.h"
#include "tests/unit/lb/balance/balancer_fixture.h"

namespace signpost::lb {
namespace {

TEST_F(BalancerTest, F15_ThreadsThatRaceForTheLastSlotChooseAgain) {
  settings_.max_conns = 1;
  settings_.max_fails = 2;
  Use({{'a'}, {'b'}, {'c'}, {'d', 2}});
  std::atomic<int> picked = 0;
  std::atomic<int> above = 0;
  std::vector<std::thread> threads;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&, seed] {
      Balancer balancer(seed);
      balancer.Update(pool_);
      for (int i = 0; i < 3000; ++i) {
        const Millis now = now_ + Millis(i);
        const Pick pick = balancer.Choose({.now = now});
        if (pick.kind != PickKind::kPicked) continue;
        ++picked;
        above += pick.use->in_use() > 1 ? 1 : 0;
        pick.use.get()->Report(*pool_->settings, i % 50 == 0 ? Outcome::kFailure : Outcome::kSuccess, now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(above, 0);
  EXPECT_GT(picked, 3000) << "one thread at least was always served";
  for (const PoolMember& member : pool_->members) EXPECT_EQ(member.endpoint->in_use(), 0U);
}

}  // namespace
}  // namespace signpost::lb
