// Signpost. Apache-2.0; see LICENSE.
// Host names as addresses: CNAME, and what it leads to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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

Service Alias(const std::string& name, const std::string& host) {
  return Service(name).On("n-" + name, "10.7.7.7").Port(443).Address(host);
}

TEST(AnswerAliasTest, OutsideTheDomainTheCnameStandsAlone) {
  World world([](Settings& s) { s.service_ttl.Set("*", 6); });
  world.Add(Alias("ext", "www.Example.org."));
  for (const char* type : {"A", "AAAA", "ANY", "CNAME", "MX", "PTR"}) {
    const Reply reply = world.Ask("ext.service.consul", type);
    EXPECT_EQ(reply.rcode, "NOERROR") << type;
    EXPECT_EQ(reply.flags, "aa") << type;
    EXPECT_THAT(reply.answer, ElementsAre("ext.service.consul. 6 CNAME www.Example.org.")) << type;
    EXPECT_THAT(reply.authority, IsEmpty()) << type;
  }
}

TEST(AnswerAliasTest, SrvNamesTheHostItself) {
  World world;
  world.Add(Alias("ext", "www.example.org"));
  const Reply reply = world.Ask("ext.service.consul", "SRV");
  EXPECT_THAT(reply.answer, ElementsAre("ext.service.consul. 0 SRV 1 1 443 www.example.org."));
  EXPECT_THAT(reply.additional, IsEmpty());
}

TEST(AnswerAliasTest, InsideTheDomainTheChainIsFollowed) {
  World world([](Settings& s) { s.service_ttl.Set("*", 6); });
  world.Add(Node("foo", "10.0.0.1")).Add(Alias("int", "foo.node.consul")).Add(Alias("chain", "int.service.consul"));
  EXPECT_THAT(world.Ask("chain.service.consul", "A").answer,
              ElementsAre("chain.service.consul. 6 CNAME int.service.consul.", "foo.node.consul. 6 A 10.0.0.1",
                          "int.service.consul. 6 CNAME foo.node.consul."));
}

TEST(AnswerAliasTest, EveryKindOfNameMayEndAChain) {
  World world;
  world.Add(Service("db").On("n1", "10.0.0.1").On(Node("n2", "10.0.0.2").Tagged("lan_ipv6", "2001:db8::2")));
  world.Add(Alias("tos", "DB.service.consul")).Add(Alias("toaddr", "0a000009.addr.consul"));
  EXPECT_THAT(world.Ask("tos.service.consul", "A").answer,
              ElementsAre("DB.service.consul. 0 A 10.0.0.1", "DB.service.consul. 0 A 10.0.0.2",
                          "tos.service.consul. 0 CNAME DB.service.consul."));
  EXPECT_THAT(world.Ask("tos.service.consul", "AAAA").answer,
              ElementsAre("DB.service.consul. 0 AAAA 2001:db8::2", "tos.service.consul. 0 CNAME DB.service.consul."));
  EXPECT_EQ(world.Ask("tos.service.consul", "ANY").answer.size(), 4U);
  EXPECT_THAT(
      world.Ask("toaddr.service.consul", "A").answer,
      ElementsAre("0a000009.addr.consul. 0 A 10.0.0.9", "toaddr.service.consul. 0 CNAME 0a000009.addr.consul."));
}

TEST(AnswerAliasTest, AChainWithoutTheFamilyAskedForIsNoData) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).Add(Alias("int", "foo.node.consul"));
  const Reply reply = world.Ask("int.service.consul", "AAAA");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_THAT(reply.answer, ElementsAre("int.service.consul. 0 CNAME foo.node.consul."));
  EXPECT_THAT(reply.authority, ElementsAre(StartsWith("consul. 1 SOA")));
}

TEST(AnswerAliasTest, TypesThatAreNoAddressesEndAtTheCname) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).Add(Alias("int", "foo.node.consul"));
  for (const char* type : {"CNAME", "MX"}) {
    EXPECT_THAT(world.Ask("int.service.consul", type).answer,
                ElementsAre("int.service.consul. 0 CNAME foo.node.consul."))
        << type;
  }
  EXPECT_THAT(world.Ask("int.service.consul", "TXT").answer,
              ElementsAre(StartsWith("int.service.consul. 0 TXT \"id=int-0\"")));
}

TEST(AnswerAliasTest, SrvTargetsInsideTheDomainBringTheirAddresses) {
  World world;
  world.Add(Service("db").On("n1", "10.0.0.1").On(Node("n2", "10.0.0.2").Tagged("lan_ipv6", "2001:db8::2")))
      .Add(Alias("tos", "db.service.consul"));
  const Reply reply = world.Ask("tos.service.consul", "SRV");
  EXPECT_THAT(reply.answer, ElementsAre("tos.service.consul. 0 SRV 1 1 443 db.service.consul."));
  EXPECT_THAT(reply.additional, ElementsAre("db.service.consul. 0 A 10.0.0.1", "db.service.consul. 0 A 10.0.0.2",
                                            "db.service.consul. 0 AAAA 2001:db8::2"));
}

TEST(AnswerAliasTest, TwoTargetsThatMeetBringNothingTwice) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).Add(Alias("a", "foo.node.consul"));
  world.Add(Service("meet")
                .On("e1", "10.0.1.1")
                .Port(1)
                .Address("a.service.consul")
                .On("e2", "10.0.1.2")
                .Port(2)
                .Address("foo.node.consul"));
  const Reply reply = world.Ask("meet.service.consul", "SRV");
  EXPECT_EQ(reply.problem, "");
  EXPECT_THAT(reply.additional,
              ElementsAre("a.service.consul. 0 CNAME foo.node.consul.", "foo.node.consul. 0 A 10.0.0.1"));
}

TEST(AnswerAliasTest, LoopsEnd) {
  World world;
  world.Add(Alias("a", "b.service.consul")).Add(Alias("b", "a.service.consul"));
  const Reply two = world.Ask("a.service.consul", "A");
  EXPECT_EQ(two.problem, "");
  EXPECT_THAT(two.answer, ElementsAre("a.service.consul. 0 CNAME b.service.consul.",
                                      "b.service.consul. 0 CNAME a.service.consul."));
  world.Add(Service("self").On("n", "self.service.consul").Address("self.service.consul"));
  EXPECT_THAT(world.Ask("self.service.consul", "A").answer,
              ElementsAre("self.service.consul. 0 CNAME self.service.consul."));
  const Reply srv = world.Ask("a.service.consul", "SRV");
  EXPECT_EQ(srv.problem, "");
}

TEST(AnswerAliasTest, LongChainsAreCut) {
  World world;
  for (int i = 0; i < 8; ++i)
    world.Add(Alias("c" + std::to_string(i), "c" + std::to_string(i + 1) + ".service.consul"));
  EXPECT_EQ(world.Ask("c0.service.consul", "A").answer.size(), 4U);
}

TEST(AnswerAliasTest, MixedServicesAnswerWithTheirAddresses) {
  World world;
  world.Add(Service("mix").On("e3", "10.0.5.3").Port(443).Address("www.example.org").On("e4", "10.0.5.4").Port(444));
  EXPECT_THAT(world.Ask("mix.service.consul", "A").answer, ElementsAre("mix.service.consul. 0 A 10.0.5.4"));
  EXPECT_THAT(world.Ask("mix.service.consul", "ANY").answer, ElementsAre("mix.service.consul. 0 A 10.0.5.4"));
  EXPECT_EQ(world.Ask("mix.service.consul", "SRV").answer.size(), 2U);
}

TEST(AnswerAliasTest, OneOfSeveralHostsIsDrawnByWeight) {
  World world;
  world.Add(Service("mc")
                .On("m1", "10.0.6.1")
                .Address("m1.example.org")
                .Weights(9, 1)
                .On("m2", "10.0.6.2")
                .Address("m2.example.org"));
  int first = 0;
  for (int i = 0; i < 10000; ++i) {
    const Reply reply = world.Ask("mc.service.consul", "A");
    ASSERT_EQ(reply.answer.size(), 1U);
    first += reply.answer[0] == "mc.service.consul. 0 CNAME m1.example.org." ? 1 : 0;
  }
  EXPECT_NEAR(first, 9000, 100);  // 3.3 standard deviations
}

TEST(AnswerAliasTest, NodesMayBeHostNamesToo) {
  World world([](Settings& s) { s.node_ttl = 8; });
  world.Add(Node("ext", "www.example.com").Meta("k", "v"))
      .Add(Node("foo", "10.0.0.1"))
      .Add(Node("alias", "foo.node.consul"));
  for (const char* type : {"A", "AAAA", "ANY", "CNAME"}) {
    EXPECT_THAT(world.Ask("ext.node.consul", type).answer, ElementsAre("ext.node.consul. 8 CNAME www.example.com."))
        << type;
  }
  EXPECT_THAT(world.Ask("ext.node.consul", "TXT").answer, ElementsAre("ext.node.consul. 8 TXT \"k=v\""));
  EXPECT_THAT(world.Ask("alias.node.consul", "A").answer,
              ElementsAre("alias.node.consul. 8 CNAME foo.node.consul.", "foo.node.consul. 8 A 10.0.0.1"));
}

TEST(AnswerAliasTest, ACnameThatDoesNotFitIsLeftToTcp) {
  const std::string label(63, 'x');
  const std::string tag = label + "." + label + "." + label;
  const std::string service(46, 's');
  World world;
  world.Add(Service(service).On("n1", "10.0.0.1").Address(tag + "." + std::string(60, 'y')).Tag(tag));
  const std::string name = tag + "." + service + ".service.consul";
  const Reply udp = world.Ask(name, "A");
  EXPECT_TRUE(udp.truncated());
  EXPECT_THAT(udp.answer, IsEmpty());
  EXPECT_THAT(world.Ask(Question(name, "A").Tcp()).answer,
              ElementsAre(name + ". 0 CNAME " + tag + "." + std::string(60, 'y') + "."));
}

TEST(AnswerAliasTest, AChainIsNeverShownWithAHole) {
  World world;
  const auto name = [](char c) {
    return std::string(60, c) + "." + std::string(60, c) + "." + std::string(60, c) + ".long.service.consul";
  };
  Service service("long");
  for (const char c : {'a', 'b', 'c'}) {
    const std::string tag = std::string(60, c) + "." + std::string(60, c) + "." + std::string(60, c);
    const bool last = c == 'c';
    service.On(std::string("n") + c, "10.0.0.1")
        .Tag(tag)
        .Port(static_cast<uint16_t>(c))
        .Address(last ? "10.0.0.9" : name(static_cast<char>(c + 1)));
  }
  world.Add(service);
  const Reply tcp = world.Ask(Question(name('a'), "A").Tcp());
  EXPECT_EQ(tcp.answer.size(), 3U);
  const Reply udp = world.Ask(name('a'), "A");
  EXPECT_TRUE(udp.truncated());
  EXPECT_THAT(udp.answer, ElementsAre(name('a') + ". 0 CNAME " + name('b') + "."));
}

TEST(AnswerAliasTest, AliasesThroughTheAlternativeDomain) {
  World world([](Settings& s) { s.alt_domain = test::WireName("alt.test"); });
  world.Add(Node("foo", "10.0.0.1")).Add(Alias("al", "foo.node.alt.test"));
  EXPECT_THAT(world.Ask("al.service.consul", "A").answer,
              ElementsAre("al.service.consul. 0 CNAME foo.node.alt.test.", "foo.node.alt.test. 0 A 10.0.0.1"));
}

TEST(AnswerAliasTest, WhatTheChainNeedsIsAskedFor) {
  World world;
  world.Datacenters({"dc1", "dc2"}).Add(Alias("far", "web.service.dc2.consul"));
  EXPECT_EQ(world.Ask("far.service.consul", "A").rcode, "wait service web dc2");
  EXPECT_EQ(world.Ask("far.service.consul", "SRV").rcode, "wait service web dc2");
  EXPECT_THAT(world.Ask("far.service.consul", "CNAME").answer,
              ElementsAre("far.service.consul. 0 CNAME web.service.dc2.consul."));
  world.Add(Service("web", catalog::Kind::kService, "dc2").On("w1", "10.0.8.1"));
  EXPECT_EQ(world.Ask("far.service.consul", "A").answer.size(), 2U);
}

TEST(AnswerAliasTest, AChainThatCannotBeFetchedIsNotNoData) {
  World world;
  world.Datacenters({"dc1", "dc2"}).Add(Alias("far", "web.service.dc2.consul"));
  world.LastTry(true);
  const Reply a = world.Ask("far.service.consul", "A");
  EXPECT_EQ(a.rcode, "SERVFAIL");
  EXPECT_THAT(a.authority, IsEmpty()) << "an SOA would make the client remember that there is no address";
  const Reply srv = world.Ask("far.service.consul", "SRV");
  EXPECT_EQ(srv.rcode, "NOERROR");
  EXPECT_THAT(srv.answer, ElementsAre("far.service.consul. 0 SRV 1 1 443 web.service.dc2.consul."));
}

// Where the answer to a question about a service leaves the domain.
std::string Leaves(World& world, std::string_view name, const char* type) {
  const auto ask = [](Answerer& answerer, const service_zone::Question& q) {
    return answerer.AnswerZone(q, q.query.name.label_count() - 1);
  };
  return test::NameText(test::AskDirectly(world, Question(name, type), ask).verdict.leaves);
}

TEST(AnswerAliasTest, TellsWhereAChainLeavesTheDomain) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).Add(Node("host", "a.example.net")).Add(Alias("ext", "www.Example.org."));
  world.Add(Alias("two", "ext.service.consul")).Add(Alias("int", "foo.node.consul"));
  for (const char* type : {"A", "AAAA", "MX", "TYPE65"}) {
    EXPECT_EQ(Leaves(world, "ext.service.consul", type), "www.Example.org.") << type;
    EXPECT_EQ(Leaves(world, "int.service.consul", type), "") << type;
  }
  EXPECT_EQ(Leaves(world, "host.node.consul", "AAAA"), "a.example.net.");
  EXPECT_EQ(Leaves(world, "two.service.consul", "A"), "www.Example.org.");
  for (const char* type : {"CNAME", "ANY", "SRV", "TXT"})
    EXPECT_EQ(Leaves(world, "ext.service.consul", type), "") << type;
  EXPECT_EQ(Leaves(world, "foo.node.consul", "A"), "");
}

// What follows when a static zone's alias leads to `name`.
test::DirectReply Chain(World& world, std::string_view name, const char* type, uint32_t ttl = 60) {
  static std::vector<uint8_t> wire;
  wire = test::NameBytes(name);
  return test::AskDirectly(world, Question("www.corp", type), [&](Answerer& answerer, const service_zone::Question& q) {
    return answerer.AnswerChain(q, wire, q.query.type, ttl);
  });
}

TEST(AnswerAliasTest, AChainEntersTheDomain) {
  World world([](Settings& s) {
    s.service_ttl.Set("web", 9);
    s.node_ttl = 30;
  });
  world.Add(Service("web").On("n1", "10.0.0.1").Port(80)).Add(Alias("int", "web.service.consul"));
  world.Add(Alias("ext", "www.example.org"));
  EXPECT_THAT(Chain(world, "web.service.consul", "A").reply.answer, ElementsAre("web.service.consul. 9 A 10.0.0.1"));
  EXPECT_THAT(Chain(world, "web.service.consul", "A", 4).reply.answer, ElementsAre("web.service.consul. 4 A 10.0.0.1"));
  EXPECT_THAT(Chain(world, "n1.node.consul", "A").reply.answer, ElementsAre("n1.node.consul. 30 A 10.0.0.1"));
  EXPECT_EQ(Chain(world, "int.service.consul", "A").reply.answer.size(), 2U);
  EXPECT_THAT(Chain(world, "web.service.consul", "SRV").reply.answer,
              ElementsAre("web.service.consul. 9 SRV 1 1 80 n1.node.dc1.consul."));
  EXPECT_THAT(Chain(world, "web.service.consul", "TXT").reply.answer,
              ElementsAre(StartsWith("web.service.consul. 9 TXT \"id=web-0\"")));
  const auto [reply, verdict] = Chain(world, "ext.service.consul", "AAAA");
  EXPECT_THAT(reply.answer, ElementsAre("ext.service.consul. 0 CNAME www.example.org."));
  EXPECT_EQ(test::NameText(verdict.leaves), "www.example.org.");
}

TEST(AnswerAliasTest, HowAChainInTheDomainMayEnd) {
  World world;
  world.Add(Node("foo", "10.0.0.1")).NameOnly(Service("later"));
  const auto ends = [&](std::string_view name, const char* type) {
    const auto [reply, verdict] = Chain(world, name, type);
    if (verdict.wanted) return "wait " + verdict.wanted->name;
    return reply.rcode + " " + std::to_string(reply.answer.size()) + " " + std::to_string(reply.authority.size());
  };
  EXPECT_EQ(ends("none.service.consul", "A"), "NXDOMAIN 0 1");
  EXPECT_EQ(ends("foo.node.consul", "AAAA"), "NOERROR 0 1");
  EXPECT_EQ(ends("foo.node.consul", "MX"), "NOERROR 0 1");
  EXPECT_EQ(ends("foo.node.consul", "CNAME"), "NOERROR 0 0");
  EXPECT_EQ(ends("later.service.consul", "A"), "wait later");
  world.Unavailable(Service("later").key());
  EXPECT_EQ(ends("later.service.consul", "A"), "SERVFAIL 0 0");
  EXPECT_EQ(ends("www.example.org", "A"), "NOERROR 0 0");
  EXPECT_EQ(test::NameText(Chain(world, "www.example.org", "A").verdict.leaves), "www.example.org.");
}

}  // namespace
}  // namespace signpost::service_zone
