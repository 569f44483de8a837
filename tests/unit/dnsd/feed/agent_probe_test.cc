// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/agent_probe.h"

#include <gtest/gtest.h>

#include "tests/support/consul/fake_consul.h"
#include "tests/support/run_loop.h"

namespace signpost::feed {
namespace {

TEST(AgentProbe, HurriesHoweverOftenItIsTold) {
  net::Loop loop;
  test::FakeConsul fake(loop);
  consul::AgentClient client(loop, {.url = fake.url()});
  int contacts = 0;
  AgentProbe probe(loop, client, {},
                   {[](const auto&) {}, [&](bool, bool, const std::string&) { ++contacts; }, [](const auto&) {}});
  ASSERT_TRUE(test::RunUntil(loop, [&] { return contacts == 1; }));
  net::Timer trouble(loop, [&] { probe.Hurry(); });
  trouble.StartPeriodic(Millis(20));
  EXPECT_TRUE(test::RunUntil(
      loop, [&] { return contacts == 2; }, Millis(2000)));
}

}  // namespace
}  // namespace signpost::feed
