// Signpost. Apache-2.0; see LICENSE.
// PTR records of nodes and of services' own addresses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/service_zone/answer.h"
#include "tests/support/dns/world.h"
#include "tests/unit/dnsd/service_zone/direct_ask.h"

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

TEST(AnswerReverseTest, SaysWhatIsNotHere) {
  World world;
  world.Add(Node("foo", "10.0.0.1"));
  const auto outcome = [&](std::string_view name, bool may_look_elsewhere, const char* type = "PTR") {
    const auto ask = [](Answerer& answerer, const service_zone::Question& q) { return answerer.AnswerReverse(q); };
    const auto [reply, verdict] = test::AskDirectly(world, Question(name, type), ask, may_look_elsewhere);
    return reply.rcode +
           (!verdict.not_here ? " here "
            : verdict.exists  ? " exists "
                              : " not here ") +
           std::to_string(reply.answer.size() + reply.authority.size());
  };
  EXPECT_EQ(outcome("1.0.0.10.in-addr.arpa", true), "NOERROR here 1");
  EXPECT_EQ(outcome("1.0.0.10.in-addr.arpa", true, "TXT"), "NOERROR exists 0") << "others may have such records";
  EXPECT_EQ(outcome("1.0.0.10.in-addr.arpa", false, "TXT"), "NOERROR exists 1");
  for (const char* name :
       {"2.0.0.10.in-addr.arpa", "0/25.2.0.10.in-addr.arpa", "lb._dns-sd._udp.0.0.0.10.in-addr.arpa"}) {
    EXPECT_EQ(outcome(name, false), "NXDOMAIN not here 1") << name;
    EXPECT_EQ(outcome(name, true), "NXDOMAIN not here 0") << name;
  }
  for (const char* name : {"11.in-addr.arpa", "in-addr.arpa", "ip6.arpa", "3.0.0.2.ip6.arpa"}) {
    EXPECT_EQ(outcome(name, false, "SOA"), "NOERROR not here 1") << name;
    EXPECT_EQ(outcome(name, true, "SOA"), "NOERROR not here 0") << name;
  }
  world.Add(Node("six", "2001:db8::1"));
  for (const char* name : {"10.in-addr.arpa", "0.0.10.in-addr.arpa", "1.0.0.2.ip6.arpa", "0.0.2.ip6.arpa"}) {
    EXPECT_EQ(outcome(name, true, "SOA"), "NOERROR exists 0") << "an owner below " << name;
  }
  world.Freshness(catalog::Freshness::kStarting);
  EXPECT_EQ(outcome("1.0.0.10.in-addr.arpa", true), "SERVFAIL not here 0");
}

TEST(AnswerReverseTest, AtTheEndOfAChainItIsAboutTheLastName) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).Add(Node(std::string(64, 'x'), "10.0.0.3"));
  const auto ask = [&](std::string_view link) {
    const wire::Name name = test::WireName(link);
    return test::AskDirectly(world, Question("9.2.0.192.in-addr.arpa", "PTR"),
                             [&](Answerer& answerer, const service_zone::Question& q) {
                               service_zone::Question behind = q;
                               behind.link = &name;
                               return answerer.AnswerReverse(behind);
                             })
        .reply;
  };
  EXPECT_THAT(ask("1.0.0.10.in-addr.arpa").answer, ElementsAre("1.0.0.10.in-addr.arpa. 0 PTR foo.node.dc1.consul."));
  ExpectNegative(ask("3.0.0.10.in-addr.arpa"), "NOERROR", "in-addr.arpa.");
  ExpectNegative(ask("1.0.0.2.ip6.arpa"), "NOERROR", "ip6.arpa.");
}

}  // namespace
}  // namespace signpost::service_zone
