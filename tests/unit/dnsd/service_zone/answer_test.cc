// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns/allocation_count.h"
#include "tests/support/dns/world.h"
#include "tests/unit/dnsd/service_zone/negative.h"

namespace signpost::service_zone {
namespace {

using catalog::Kind;
using test::ExpectNegative;
using test::kSoa;
using test::Node;
using test::Question;
using test::Reply;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

World& WithServers(World& world) {
  return world.Add(Service("consul").On("Srv1", "10.0.0.1").Port(8300).On(Node("srv2", "2001:db8::2")).Port(8300));
}

TEST(AnswerTest, TheApexHasAnSoa) {
  World world([](Settings& s) { s.node_ttl = 30; });
  const Reply reply = WithServers(world).Ask("consul", "SOA");
  EXPECT_EQ(reply.flags, "aa");
  EXPECT_THAT(reply.answer, ElementsAre(kSoa));
  EXPECT_THAT(reply.authority,
              ElementsAre("consul. 30 NS srv1.node.dc1.consul.", "consul. 30 NS srv2.node.dc1.consul."));
  EXPECT_THAT(reply.additional,
              ElementsAre("srv1.node.dc1.consul. 30 A 10.0.0.1", "srv2.node.dc1.consul. 30 AAAA 2001:db8::2"));
}

TEST(AnswerTest, SoaFieldsAreOptions) {
  World world([](Settings& s) { s.soa = {.refresh = 11, .retry = 12, .expire = 13, .minimum = 14}; });
  EXPECT_THAT(world.Ask("consul", "SOA").answer,
              ElementsAre("consul. 14 SOA ns.consul. hostmaster.consul. 7 11 12 13 14"));
  EXPECT_THAT(world.Ask("absent.service.consul", "A").authority,
              ElementsAre("consul. 14 SOA ns.consul. hostmaster.consul. 7 11 12 13 14"));
}

TEST(AnswerTest, TheApexHasNameServersAndNothingElse) {
  World world;
  WithServers(world);
  EXPECT_THAT(world.Ask("consul", "NS").answer,
              ElementsAre("consul. 0 NS srv1.node.dc1.consul.", "consul. 0 NS srv2.node.dc1.consul."));
  EXPECT_EQ(world.Ask("consul", "NS").additional.size(), 2U);
  EXPECT_EQ(world.Ask("consul", "ANY").answer.size(), 3U);
  for (const char* type : {"A", "AAAA", "SRV", "TXT", "TYPE666", "DNSKEY"})
    ExpectNegative(world.Ask("consul", type), "NOERROR");
}

TEST(AnswerTest, WithoutServersThereAreNoNameServers) {
  World world;
  ExpectNegative(world.Ask("consul", "NS"), "NOERROR");
  EXPECT_THAT(world.Ask("consul", "SOA").answer, ElementsAre(kSoa));
  EXPECT_THAT(world.Ask("consul", "SOA").authority, IsEmpty());
}

TEST(AnswerTest, AtMostThreeNameServersChosenAfresh) {
  World world;
  world.Add(test::ManyInstances("consul", 10, "s"));
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const Reply reply = world.Ask("consul", "NS");
    ASSERT_EQ(reply.answer.size(), 3U);
    seen.insert(reply.answer.begin(), reply.answer.end());
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST(AnswerTest, NameServersAreDistinctHostNamesThatWork) {
  World world;
  world.Add(Service("consul")
                .On("s1", "10.0.0.1")
                .Port(1)
                .On("s1", "10.0.0.1")
                .Port(2)
                .On("un_der", "10.0.0.2")
                .Port(1)
                .On("a.b", "10.0.0.3")
                .Port(1)
                .On("s2", "10.0.0.4")
                .Critical());
  EXPECT_THAT(world.Ask("consul", "NS").answer, ElementsAre("consul. 0 NS s1.node.dc1.consul."));
}

TEST(AnswerTest, NonTerminalsHoldNothing) {
  World world;
  world.Datacenters({"dc1", "dc2"}).Add(Node("a.b", "10.0.0.1"));
  for (const char* name : {"service.consul", "node.consul", "query.dc2.consul", "addr.consul", "dc1.consul",
                           "dc2.consul", "_tcp.service.consul", "_tcp.consul", "b.node.consul"}) {
    ExpectNegative(world.Ask(name, "A"), "NOERROR");
    ExpectNegative(world.Ask(name, "ANY"), "NOERROR");
  }
}

TEST(AnswerTest, NamesThatAreNot) {
  World world;
  for (const char* name :
       {"x.consul", "absent.service.consul", "absent.node.consul", "web.service.dc9.consul", "a.b.service.x.y.consul",
        "xyz.addr.consul", "ns.consul", "a.b.consul", "absent.virtual.consul"}) {
    ExpectNegative(world.Ask(name, "A"), "NXDOMAIN");
  }
  EXPECT_EQ(world.Ask("Absent.SERVICE.consul", "A").question, "Absent.SERVICE.consul. A");
}

TEST(AnswerTest, NodesHaveAnAddressAndText) {
  World world([](Settings& s) { s.node_ttl = 9; });
  world.Add(Node("Foo", "10.0.0.1").Meta("k", "v").Meta("rfc1035-x", "plain"));
  const Reply a = world.Ask("fOO.node.consul", "A");
  EXPECT_EQ(a.flags, "aa");
  EXPECT_THAT(a.answer, ElementsAre("fOO.node.consul. 9 A 10.0.0.1"));
  EXPECT_THAT(a.additional, ElementsAre("fOO.node.consul. 9 TXT \"k=v\"", "fOO.node.consul. 9 TXT \"plain\""));
  const Reply txt = world.Ask("foo.node.dc1.consul", "TXT");
  EXPECT_THAT(txt.answer, ElementsAre("foo.node.dc1.consul. 9 TXT \"k=v\"", "foo.node.dc1.consul. 9 TXT \"plain\""));
  EXPECT_THAT(txt.additional, IsEmpty());
  EXPECT_EQ(world.Ask("foo.node.consul", "ANY").answer.size(), 3U);
  ExpectNegative(world.Ask("foo.node.consul", "AAAA"), "NOERROR");
  for (const char* type : {"SRV", "MX", "CNAME", "PTR", "NS", "SOA"})
    ExpectNegative(world.Ask("foo.node.consul", type), "NOERROR");
}

TEST(AnswerTest, NodeTextInAdditionalSectionsIsAnOption) {
  World world([](Settings& s) { s.node_meta_txt = false; });
  world.Add(Node("foo", "10.0.0.1").Meta("k", "v"));
  EXPECT_THAT(world.Ask("foo.node.consul", "A").additional, IsEmpty());
  EXPECT_THAT(world.Ask("foo.node.consul", "TXT").answer, ElementsAre("foo.node.consul. 0 TXT \"k=v\""));
}

TEST(AnswerTest, NodesOfBothFamilies) {
  World world;
  world.Add(Node("ds", "10.0.4.1").Tagged("lan_ipv4", "10.0.4.2").Tagged("lan_ipv6", "2001:db8:4::2"));
  EXPECT_THAT(world.Ask("ds.node.consul", "A").answer, ElementsAre("ds.node.consul. 0 A 10.0.4.2"));
  EXPECT_THAT(world.Ask("ds.node.consul", "AAAA").answer, ElementsAre("ds.node.consul. 0 AAAA 2001:db8:4::2"));
  EXPECT_EQ(world.Ask("ds.node.consul", "ANY").answer.size(), 2U);
}

TEST(AnswerTest, NodeTextThatDoesNotFit) {
  World world;
  Node node("foo", "10.0.0.1");
  for (int i = 0; i < 8; ++i) node.Meta("k" + std::to_string(i), std::string(300, 'x'));
  world.Add(node);
  const Reply txt = world.Ask("foo.node.consul", "TXT");
  EXPECT_TRUE(txt.truncated());
  EXPECT_THAT(txt.answer, IsEmpty());
  const Reply a = world.Ask("foo.node.consul", "A");
  EXPECT_FALSE(a.truncated()) << "additional records are left out without TC";
  EXPECT_EQ(a.answer.size(), 1U);
  const Reply any = world.Ask("foo.node.consul", "ANY");
  EXPECT_TRUE(any.truncated());
  const Reply tcp = world.Ask(Question("foo.node.consul", "TXT").Tcp());
  EXPECT_EQ(tcp.answer.size(), 8U);
  EXPECT_FALSE(tcp.truncated());
}

TEST(AnswerTest, NothingIsTruncatedOverTcp) {
  World world;
  Node node("foo", "10.0.0.1");
  for (int i = 0; i < 300; ++i) node.Meta("k" + std::to_string(i), std::string(250, 'x'));
  world.Add(node);
  const Reply reply = world.Ask(Question("foo.node.consul", "TXT").Tcp());
  EXPECT_EQ(reply.problem, "");
  EXPECT_FALSE(reply.truncated()) << "there is no larger transport to go to";
  EXPECT_GT(reply.answer.size(), 200U) << "as much as fits";
}

TEST(AnswerTest, TranslatedNodesShowTheirWanAddress) {
  World world;
  world.Datacenters({"dc1", "dc2"});
  EXPECT_EQ(world.Ask("w1.node.dc2.consul", "A").rcode, "wait node w1 dc2");
  world.Add(Node("w1", "203.0.113.1", "dc2")
                .Tagged("wan", "203.0.113.1")
                .Tagged("lan_ipv4", "10.0.8.1")
                .Tagged("wan_ipv4", "203.0.113.1")
                .Translated());
  EXPECT_THAT(world.Ask("w1.node.dc2.consul", "A").answer, ElementsAre("w1.node.dc2.consul. 0 A 203.0.113.1"));
}

TEST(AnswerTest, AddressNamesHoldTheAddressTheySpell) {
  World world([](Settings& s) { s.node_ttl = 4; });
  EXPECT_THAT(world.Ask("0A000001.addr.consul", "A").answer, ElementsAre("0A000001.addr.consul. 4 A 10.0.0.1"));
  const char kV6[] = "20010db8000000000000000000000001.addr.dc1.consul";
  EXPECT_THAT(world.Ask(kV6, "AAAA").answer, ElementsAre(std::string(kV6) + ". 4 AAAA 2001:db8::1"));
  EXPECT_THAT(world.Ask("0a000001.addr.consul", "ANY").answer, ElementsAre("0a000001.addr.consul. 4 A 10.0.0.1"));
  ExpectNegative(world.Ask("0a000001.addr.consul", "AAAA"), "NOERROR");
  ExpectNegative(world.Ask(kV6, "A"), "NOERROR");
  ExpectNegative(world.Ask("0a000001.addr.consul", "SRV"), "NOERROR");
  ExpectNegative(world.Ask("0a00000.addr.consul", "A"), "NXDOMAIN");
}

TEST(AnswerTest, NamesForSrvOnlyHoldNothingElse) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Port(80));
  EXPECT_EQ(world.Ask("_web._tcp.consul", "SRV").answer.size(), 1U);
  ExpectNegative(world.Ask("_web._tcp.consul", "A"), "NOERROR");
  ExpectNegative(world.Ask("_db._tcp.consul", "A"), "NXDOMAIN");
  EXPECT_EQ(world.Ask("_web._tcp.service.consul", "A").answer.size(), 1U);
}

TEST(AnswerTest, StaleDataHasAShortTtl) {
  World world([](Settings& s) {
    s.node_ttl = 60;
    s.service_ttl.Set("*", 60);
    s.service_ttl.Set("short", 2);
    s.soa.minimum = 60;
  });
  world.Add(Service("web").On("n1", "10.0.0.1")).Add(Service("short").On("n1", "10.0.0.1"));
  world.Freshness(catalog::Freshness::kStale);
  EXPECT_THAT(world.Ask("web.service.consul", "A").answer, ElementsAre("web.service.consul. 5 A 10.0.0.1"));
  EXPECT_THAT(world.Ask("short.service.consul", "A").answer, ElementsAre("short.service.consul. 2 A 10.0.0.1"));
  EXPECT_THAT(world.Ask("n1.node.consul", "A").answer, ElementsAre("n1.node.consul. 5 A 10.0.0.1"));
  EXPECT_THAT(world.Ask("absent.service.consul", "A").authority,
              ElementsAre("consul. 5 SOA ns.consul. hostmaster.consul. 7 3600 600 86400 60"));
  world.Freshness(catalog::Freshness::kFresh);
  EXPECT_THAT(world.Ask("web.service.consul", "A").answer, ElementsAre("web.service.consul. 60 A 10.0.0.1"));
}

TEST(AnswerTest, ServfailBeforeTheFirstDataAndAfterTheLast) {
  for (const auto freshness : {catalog::Freshness::kStarting, catalog::Freshness::kExpired}) {
    World world;
    world.Add(Service("web").On("n1", "10.0.0.1")).Freshness(freshness);
    for (const char* name : {"web.service.consul", "absent.service.consul", "n1.node.consul", "web.service.dc2.consul",
                             "q.query.consul"}) {
      const Reply reply = world.Ask(name, "A");
      EXPECT_EQ(reply.rcode, "SERVFAIL") << name;
      EXPECT_EQ(reply.flags, "") << name;
      EXPECT_THAT(reply.authority, IsEmpty()) << name;
    }
    EXPECT_EQ(world.Ask("consul", "SOA").rcode, "NOERROR");
  }
}

TEST(AnswerTest, TheAlternativeDomainNamesThePrimaryOne) {
  World world([](Settings& s) { s.alt_domain = test::WireName("alt.test"); });
  world.Add(Service("web").On("n1", "10.0.0.1").Port(80));
  EXPECT_THAT(world.Ask("web.service.alt.test", "A").answer, ElementsAre("web.service.alt.test. 0 A 10.0.0.1"));
  EXPECT_THAT(world.Ask("web.service.alt.test", "SRV").answer,
              ElementsAre("web.service.alt.test. 0 SRV 1 1 80 n1.node.dc1.consul."));
  ExpectNegative(world.Ask("absent.service.alt.test", "A"), "NXDOMAIN");
  EXPECT_THAT(world.Ask("alt.test", "SOA").answer, ElementsAre(kSoa));
}

TEST(AnswerTest, UseIsReportedOncePerTenSeconds) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1")).Add(Service("db").On("n1", "10.0.0.1"));
  Answerer& answerer = world.handler().answerer();
  world.At(20000).Ask("web.service.consul", "A");
  world.Ask("web.service.consul", "SRV");
  world.Ask("absent.service.consul", "A");
  EXPECT_TRUE(answerer.has_used());
  EXPECT_THAT(answerer.TakeUsed(), ElementsAre(catalog::Key{Kind::kService, "dc1", "web"}));
  EXPECT_FALSE(answerer.has_used());
  world.At(29999).Ask("web.service.consul", "A");
  EXPECT_FALSE(answerer.has_used());
  world.Ask("db.service.consul", "A");
  world.At(30000).Ask("web.service.consul", "A");
  EXPECT_THAT(answerer.TakeUsed(),
              ElementsAre(catalog::Key{Kind::kService, "dc1", "db"}, catalog::Key{Kind::kService, "dc1", "web"}));
}

TEST(AnswerTest, UseOfForeignNodesIsReportedToo) {
  World world;
  world.Datacenters({"dc1", "dc2"}).Add(Node("n1", "10.0.0.1")).Add(Node("W1", "10.0.8.1", "dc2"));
  world.Ask("n1.node.consul", "A");
  EXPECT_FALSE(world.handler().answerer().has_used()) << "own nodes are known whether they are used or not";
  world.Ask("w1.node.dc2.consul", "A");
  world.Ask("w1.node.dc2.consul", "AAAA");
  EXPECT_THAT(world.handler().answerer().TakeUsed(), ElementsAre(catalog::Key{Kind::kNode, "dc2", "w1"}));
}

TEST(AnswerTest, ReportsOfUseAreBounded) {
  World world;
  for (size_t i = 0; i <= Answerer::kMaxUsed; ++i) {
    const std::string name = "s" + std::to_string(i);
    world.Add(Service(name).On("n1", "10.0.0.1"));
    world.Ask(name + ".service.consul", "A");
  }
  EXPECT_EQ(world.handler().answerer().TakeUsed().size(), Answerer::kMaxUsed);
  world.Ask("s" + std::to_string(Answerer::kMaxUsed) + ".service.consul", "A");
  EXPECT_EQ(world.handler().answerer().TakeUsed().size(), 1U) << "what found no room is told with the next use";
}

TEST(AnswerTest, AnsweringDoesNotAllocate) {
  World world;
  Service web("web");
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i + 1);
    web.On(Node("n" + n, "10.0.0." + n).Tagged("lan_ipv6", "2001:db8::" + n).Meta("k", "v"))
        .Port(80)
        .Weights(static_cast<uint16_t>(i + 1), 1)
        .Tag(i % 2 ? "odd" : "even");
  }
  world.Add(web)
      .Add(Service("small").On("n1", "10.0.0.1").Port(80))
      .Add(Service("dead").On("n1", "10.0.0.1").Critical());
  const Question kQuestions[] = {Question("web.service.consul", "A"),
                                 Question("web.service.consul", "A").Edns(1232),
                                 Question("web.service.consul", "AAAA"),
                                 Question("web.service.consul", "ANY").Tcp(),
                                 Question("web.service.consul", "SRV").Tcp(),
                                 Question("small.service.consul", "SRV"),
                                 Question("odd.web.service.consul", "A"),
                                 Question("_web._even.service.consul", "SRV"),
                                 Question("n1.node.consul", "A"),
                                 Question("n1.node.consul", "TXT"),
                                 Question("0a000001.addr.consul", "A"),
                                 Question("dead.service.consul", "A"),
                                 Question("absent.service.consul", "A"),
                                 Question("absent.node.consul", "AAAA"),
                                 Question("consul", "SOA"),
                                 Question("consul", "NS"),
                                 Question("foreign.test", "A"),
                                 Question("web.service.consul", "AXFR")};
  std::vector<uint8_t> out(65535);
  for (const Question& question : kQuestions) {
    const auto packet = question.Packet();
    const query::Context context{.transport = question.over_tcp() ? query::Transport::kTcp : query::Transport::kUdp,
                                 .now_ms = 1000};
    ASSERT_GT(world.handler().Handle(packet, context, out).size, 0U);  // notes the use
    const size_t before = test::AllocationCount();
    for (int i = 0; i < 100; ++i) world.handler().Handle(packet, context, out);
    EXPECT_EQ(test::AllocationCount() - before, 0U) << world.Ask(question).question;
  }
}

TEST(AnswerTest, TheCountOfAllocationsCounts) {
  const size_t before = test::AllocationCount();
  const auto memory = std::make_unique<std::string>(100, 'x');
  EXPECT_EQ(test::AllocationCount() - before, 2U);
}

}  // namespace
}  // namespace signpost::service_zone
