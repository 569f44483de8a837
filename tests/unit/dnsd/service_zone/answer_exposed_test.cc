// Signpost. Apache-2.0; see LICENSE.
// <service>.<public domain>: the addresses of the balancer that serves it.
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

Service Web() { return Service("web").On("n1", "10.0.0.1").Tag("HTTP"); }
Service Lb() { return Service("lb").On("e1", "10.9.0.1").On(Node("e2", "10.9.0.2").Tagged("lan_ipv6", "2001:db8::2")); }

// "-" as rcode: not exposed.
Reply AskPublic(World& world, const std::string& label, const std::string& type, bool tcp = false) {
  const wire::Name domain = test::WireName("example.com");
  Question question(label + ".example.com", type);
  if (tcp) question.Tcp();
  bool exposed = true;
  auto [reply, verdict] = test::AskDirectly(world, question, [&](Answerer& answerer, const service_zone::Question& q) {
    auto given = answerer.AnswerExposed(q, {.label = label, .tag = "http", .balancer = "lb", .domain = domain});
    exposed = given.has_value();
    return given.value_or(Verdict{});
  });
  if (verdict.wanted) reply.rcode = "wait " + verdict.wanted->name + " " + verdict.wanted->datacenter;
  if (!exposed) reply.rcode = "-";
  return reply;
}

TEST(AnswerExposedTest, AnExposedServiceHasTheBalancersAddresses) {
  World world([](Settings& s) { s.service_ttl.Set("lb", 20); });
  world.Add(Web()).Add(Lb());
  const Reply reply = AskPublic(world, "web", "A");
  EXPECT_EQ(reply.flags, "aa");
  EXPECT_THAT(reply.answer, ElementsAre("web.example.com. 20 A 10.9.0.1", "web.example.com. 20 A 10.9.0.2"));
  EXPECT_THAT(AskPublic(world, "web", "AAAA").answer, ElementsAre("web.example.com. 20 AAAA 2001:db8::2"));
  EXPECT_EQ(AskPublic(world, "web", "ANY").answer.size(), 3U);
}

TEST(AnswerExposedTest, OtherTypesAreNoDataOfThePublicDomain) {
  World world;
  world.Add(Web()).Add(Lb());
  for (const char* type : {"SRV", "TXT", "MX", "TYPE65", "SOA"}) {
    const Reply reply = AskPublic(world, "web", type);
    EXPECT_EQ(reply.rcode, "NOERROR") << type;
    EXPECT_THAT(reply.answer, IsEmpty()) << type;
    EXPECT_THAT(reply.authority, ElementsAre("example.com. 1 SOA ns.consul. hostmaster.consul. 7 3600 600 86400 1"))
        << type;
  }
}

TEST(AnswerExposedTest, OthersAreNotExposed) {
  World world;
  world.Add(Lb()).Add(Service("db").On("n1", "10.0.0.1").Tag("tcp"));
  for (const char* label : {"db", "none", "lb", "_web"}) {
    const Reply reply = AskPublic(world, label, "A");
    EXPECT_EQ(reply.rcode, "-") << label;
    EXPECT_EQ(reply.bytes.size(), reply.question_end) << "nothing is written";
  }
}

TEST(AnswerExposedTest, OneInstanceWithTheTagIsEnoughHealthyOrNot) {
  World world;
  world.Add(Lb()).Add(Service("web").On("n1", "10.0.0.1").On("n2", "10.0.0.2").Tag("http").Critical());
  EXPECT_EQ(AskPublic(world, "web", "A").answer.size(), 2U);
}

TEST(AnswerExposedTest, UnderscoresAreDashesInHostNames) {
  World world;
  world.Add(Lb()).Add(Service("my_web-app_2").On("n1", "10.0.0.1").Tag("http"));
  EXPECT_EQ(AskPublic(world, "my-web-app-2", "A").answer.size(), 2U);
  EXPECT_EQ(AskPublic(world, "my-web-app-3", "A").rcode, "-");
  EXPECT_EQ(AskPublic(world, "a-b-c-d-e-f-g", "A").rcode, "-");
}

TEST(AnswerExposedTest, WithoutAUsableBalancerThereIsNoData) {
  World world;
  world.Add(Web());
  EXPECT_EQ(AskPublic(world, "web", "A").authority.size(), 1U);
  world.Add(Service("lb").On("e1", "10.9.0.1").Critical());
  const Reply reply = AskPublic(world, "web", "A");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_EQ(reply.authority.size(), 1U);
}

TEST(AnswerExposedTest, TheBalancersLimitsCount) {
  World world([](Settings& s) { s.answer_limit.Set("lb", 3); });
  world.Add(Web()).Add(test::ManyInstances("lb", 9));
  EXPECT_EQ(AskPublic(world, "web", "A").answer.size(), 3U);
}

TEST(AnswerExposedTest, WhatIsNotFetchedYetIsWaitedFor) {
  World world;
  world.NameOnly(Service("web")).NameOnly(Service("lb"));
  EXPECT_EQ(AskPublic(world, "web", "A").rcode, "wait web dc1");
  world.Add(Web());
  EXPECT_EQ(AskPublic(world, "web", "A").rcode, "wait lb dc1");
  world.Unavailable(Service("lb").key());
  EXPECT_EQ(AskPublic(world, "web", "A").rcode, "SERVFAIL");
  world.NameOnly(Service("new")).Unavailable(Service("new").key());
  EXPECT_EQ(AskPublic(world, "new", "A").rcode, "SERVFAIL");
}

TEST(AnswerExposedTest, WithoutACatalogNobodyKnows) {
  World world;
  world.Add(Web()).Add(Lb()).Freshness(catalog::Freshness::kExpired);
  EXPECT_EQ(AskPublic(world, "web", "A").rcode, "-");
}

TEST(AnswerExposedTest, BothServicesAreInUse) {
  World world;
  world.Add(Web()).Add(Lb());
  AskPublic(world, "web", "A");
  EXPECT_THAT(world.handler().answerer().TakeUsed(), ElementsAre(Service("web").key(), Service("lb").key()));
}

TEST(AnswerExposedTest, ABalancerWithAHostName) {
  World world;
  world.Add(Web()).Add(Service("lb").On("e1", "10.9.0.1").Address("edge.example.net"));
  EXPECT_THAT(AskPublic(world, "web", "A").answer, ElementsAre("web.example.com. 0 CNAME edge.example.net."));
}

TEST(AnswerExposedTest, AtTheEndOfAChainItIsAboutTheLastName) {
  World world;
  world.Add(Web()).Add(Lb());
  const wire::Name domain = test::WireName("example.com");
  const wire::Name link = test::WireName("web.example.com");
  const auto ask = [&](const char* type) {
    return test::AskDirectly(
        world, Question("www.corp.test", type), [&](Answerer& answerer, const service_zone::Question& q) {
          service_zone::Question behind = q;
          behind.link = &link;
          const ExposedName name{.label = link.label(0), .tag = "http", .balancer = "lb", .domain = domain};
          EXPECT_TRUE(answerer.MayExpose(name, q.now_ms));
          return answerer.AnswerExposed(behind, name).value_or(Verdict{});
        });
  };
  EXPECT_THAT(ask("A").reply.answer, ElementsAre("web.example.com. 0 A 10.9.0.1", "web.example.com. 0 A 10.9.0.2"));
  EXPECT_EQ(ask("MX").reply.authority.size(), 1U);
  world.Add(Service("lb").On("e1", "10.9.0.1").Address("edge.example.net"));
  const auto [reply, verdict] = ask("A");
  EXPECT_THAT(reply.answer, ElementsAre("web.example.com. 0 CNAME edge.example.net."));
  EXPECT_EQ(test::NameText(verdict.leaves), "edge.example.net.");
}

TEST(AnswerExposedTest, WhatMayBeExposedIsSaidWithoutAnAnswer) {
  World world;
  world.Add(Web()).NameOnly(Service("new"));
  const wire::Name domain = test::WireName("example.com");
  const auto may = [&](std::string_view label) {
    return world.handler().answerer().MayExpose({.label = label, .tag = "http", .balancer = "lb", .domain = domain},
                                                1000);
  };
  EXPECT_TRUE(may("web"));
  EXPECT_TRUE(may("new")) << "not fetched yet";
  EXPECT_FALSE(may("none"));
}

}  // namespace
}  // namespace signpost::service_zone
