// Signpost. Apache-2.0; see LICENSE.
// PTR records of nodes and of services' own addresses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/service_zone/answer.h"
#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

using test::Node;
using test::Question;
using test::Reply;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void ExpectNegative(const Reply& reply, const std::string& rcode, const std::string& zone) {
  EXPECT_EQ(reply.rcode, rcode);
  EXPECT_EQ(reply.flags, "aa");
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.authority, ElementsAre(StartsWith(zone + " 1 SOA ns.consul. hostmaster.consul. 7 ")));
}

TEST(AnswerReverseTest, NodesByTheirAddress) {
  World world([](Settings& s) { s.node_ttl = 5; });
  world.Add(Node("Foo", "10.0.0.1")).Add(Node("six", "2001:db8::1"));
  const Reply reply = world.Ask("1.0.0.10.in-addr.arpa", "PTR");
  EXPECT_EQ(reply.flags, "aa");
  EXPECT_THAT(reply.answer, ElementsAre("1.0.0.10.in-addr.arpa. 5 PTR Foo.node.dc1.consul."));
  EXPECT_THAT(
      world.Ask("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.arpa", "ANY").answer,
      ElementsAre(
          "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.arpa. 5 PTR six.node.dc1.consul."));
}

TEST(AnswerReverseTest, AllNamesOfAnAddress) {
  World world;
  world.Add(Node("n1", "10.0.0.1")).Add(Node("n2", "10.0.0.1"));
  world.Add(
      Service("Web").On("n3", "10.0.0.3").Address("10.0.0.1").On("n4", "10.0.0.4").Address("10.0.0.1").Critical());
  world.Add(Service("db").On("n3", "10.0.0.3").Address("10.0.0.1"));
  EXPECT_THAT(world.Ask("1.0.0.10.in-addr.arpa", "PTR").answer,
              ElementsAre("1.0.0.10.in-addr.arpa. 0 PTR Web.service.dc1.consul.",
                          "1.0.0.10.in-addr.arpa. 0 PTR db.service.dc1.consul.",
                          "1.0.0.10.in-addr.arpa. 0 PTR n1.node.dc1.consul.",
                          "1.0.0.10.in-addr.arpa. 0 PTR n2.node.dc1.consul."));
}

TEST(AnswerReverseTest, OtherTypesOfAKnownAddressAreNoData) {
  World world;
  world.Add(Node("foo", "10.0.0.1"));
  for (const char* type : {"A", "TXT", "SOA", "SRV"})
    ExpectNegative(world.Ask("1.0.0.10.in-addr.arpa", type), "NOERROR", "in-addr.arpa.");
}

TEST(AnswerReverseTest, UnknownAddressesAndParts) {
  World world;
  world.Add(Node("foo", "10.0.0.1"));
  ExpectNegative(world.Ask("2.0.0.10.in-addr.arpa", "PTR"), "NXDOMAIN", "in-addr.arpa.");
  ExpectNegative(world.Ask("x.0.0.10.in-addr.arpa", "PTR"), "NXDOMAIN", "in-addr.arpa.");
  ExpectNegative(world.Ask("10.in-addr.arpa", "PTR"), "NOERROR", "in-addr.arpa.");
  ExpectNegative(world.Ask("ip6.arpa", "PTR"), "NOERROR", "ip6.arpa.");
}

TEST(AnswerReverseTest, AnAddressWhoseOnlyNameCannotBeWritten) {
  World world;
  world.Add(Node(std::string(64, 'x'), "10.0.0.1"));
  ExpectNegative(world.Ask("1.0.0.10.in-addr.arpa", "PTR"), "NOERROR", "in-addr.arpa.");
}

TEST(AnswerReverseTest, ServfailWithoutData) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).Freshness(catalog::Freshness::kStarting);
  EXPECT_EQ(world.Ask("1.0.0.10.in-addr.arpa", "PTR").rcode, "SERVFAIL");
  EXPECT_EQ(world.Ask("1.0.0.10.in-addr.arpa", "PTR").flags, "");
}

TEST(AnswerReverseTest, TooManyNamesAreCut) {
  World world;
  for (int i = 0; i < 60; ++i) world.Add(Node("node" + std::to_string(i), "10.0.0.1"));
  EXPECT_TRUE(world.Ask("1.0.0.10.in-addr.arpa", "PTR").truncated());
  const Reply tcp = world.Ask(Question("1.0.0.10.in-addr.arpa", "PTR").Tcp());
  EXPECT_FALSE(tcp.truncated());
  EXPECT_EQ(tcp.answer.size(), 60U);
}

TEST(AnswerReverseTest, StaleNamesHaveAShortTtl) {
  World world([](Settings& s) { s.node_ttl = 60; });
  world.Add(Node("foo", "10.0.0.1")).Freshness(catalog::Freshness::kStale);
  EXPECT_THAT(world.Ask("1.0.0.10.in-addr.arpa", "PTR").answer,
              ElementsAre("1.0.0.10.in-addr.arpa. 5 PTR foo.node.dc1.consul."));
}

}  // namespace
}  // namespace signpost::service_zone
