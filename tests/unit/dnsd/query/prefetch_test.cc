// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/prefetch.h"

#include <gtest/gtest.h>

#include "common/base/random.h"
#include "tests/support/dns/world.h"

namespace signpost::query {
namespace {

using test::Question;
using test::Service;
using test::World;

struct Datagram {
  std::vector<uint8_t> payload;
};

TEST(PrefetchTest, TakesAnyPacketAndChangesNoAnswer) {
  World world;
  // Over 4096 keys, from where on the handler thinks it worthwhile.
  for (int i = 0; i < 5000; ++i) world.Add(Service("s" + std::to_string(i)).On("n1", "10.0.0.1").Port(80));
  world.NameOnly(Service("named"));
  ASSERT_TRUE(world.data().IsLarge());
  std::vector<Datagram> batch;
  for (const char* name :
       {"s1.service.consul", "s2.service.dc1.consul", "_s3._tcp.service.consul", "absent.service.consul",
        "named.service.consul", "n1.node.consul", "consul", "foreign.test", "."}) {
    batch.push_back({Question(name, "A").Packet()});
  }
  batch.push_back({{}});
  batch.push_back({std::vector<uint8_t>(12)});
  batch.push_back({std::vector<uint8_t>(40, 0xff)});
  Random random(3);
  while (batch.size() < 3 * Prefetcher::kMaxBatch) {
    auto packet = batch[random.Below(9)].payload;
    packet[random.Below(packet.size())] = static_cast<uint8_t>(random.Next());
    batch.push_back({packet});
  }
  std::vector<std::string> before;
  for (const Datagram& d : batch) before.push_back(world.AskBytes(d.payload).rcode);
  world.handler().Prefetch(batch);
  for (size_t i = 0; i < batch.size(); ++i) EXPECT_EQ(world.AskBytes(batch[i].payload).rcode, before[i]);
}

}  // namespace
}  // namespace signpost::query
