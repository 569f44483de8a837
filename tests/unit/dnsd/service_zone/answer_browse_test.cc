// Signpost. Apache-2.0; see LICENSE.
// Browsing the catalog by DNS-SD (RFC 6763), cases W245 to W253.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/service_zone/answer.h"
#include "tests/support/dns/world.h"
#include "tests/unit/dnsd/service_zone/negative.h"

namespace signpost::service_zone {
namespace {

using test::ExpectNegative;
using test::Node;
using test::Question;
using test::Reply;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kTypes[] = "_services._dns-sd._udp.service.consul";

Service Web() {
  return Service("Web")
      .On("n1", "10.0.0.1")
      .Id("w1")
      .Port(80)
      .Tag("http")
      .Tag("V1.2")
      .On("n2", "10.0.0.2")
      .Id("w2")
      .Port(81)
      .Tag("http");
}

TEST(AnswerBrowseTest, ListsServiceTypes) {  // W245
  World world;
  world.Add(Web()).Add(Service("ntp").On("n1", "10.0.0.1").Meta("proto", "udp"));
  world.Add(Service("hidden").On("n1", "10.0.0.1").Meta("dns-sd", "no"));
  world.Add(Service("ill").On("n1", "10.0.0.1").Critical()).NameOnly(Service("later"));
  const Reply reply = world.Ask(kTypes, "PTR");
  EXPECT_EQ(reply.flags, "aa");
  const std::string owner = std::string(kTypes) + ". 5 PTR ";
  EXPECT_THAT(reply.in_order, ElementsAre(owner + "_ill._tcp.service.consul.", owner + "_later._tcp.service.consul.",
                                          owner + "_ntp._udp.service.consul.", owner + "_web._tcp.service.consul."));
  EXPECT_THAT(reply.additional, IsEmpty());
  EXPECT_EQ(world.Ask(kTypes, "ANY").answer.size(), 4U);
  ExpectNegative(world.Ask(kTypes, "SRV"), "NOERROR");
}

TEST(AnswerBrowseTest, AnEmptyCatalogHasNoTypes) {
  World world;
  ExpectNegative(world.Ask(kTypes, "PTR"), "NOERROR");
  for (const auto freshness : {catalog::Freshness::kStarting, catalog::Freshness::kExpired}) {
    EXPECT_EQ(world.Freshness(freshness).Ask(kTypes, "PTR").rcode, "SERVFAIL");
  }
}

TEST(AnswerBrowseTest, ListsInstancesWithWhatIsAskedForNext) {  // W246
  World world([](Settings& s) { s.service_ttl.Set("web", 9); });
  const Reply reply = world.Add(Web()).Ask("_web._tcp.service.consul", "PTR");
  EXPECT_EQ(reply.flags, "aa");
  EXPECT_THAT(reply.in_order, ElementsAre("_web._tcp.service.consul. 5 PTR w1._web._tcp.service.consul.",
                                          "_web._tcp.service.consul. 5 PTR w2._web._tcp.service.consul."));
  EXPECT_THAT(reply.additional,
              ElementsAre("n1.node.dc1.consul. 9 A 10.0.0.1", "n2.node.dc1.consul. 9 A 10.0.0.2",
                          "w1._web._tcp.service.consul. 5 TXT \"txtvers=1\" \"id=w1\" \"tags=http,V1.2\" \"dc=dc1\"",
                          "w1._web._tcp.service.consul. 9 SRV 1 1 80 n1.node.dc1.consul.",
                          "w2._web._tcp.service.consul. 5 TXT \"txtvers=1\" \"id=w2\" \"tags=http\" \"dc=dc1\"",
                          "w2._web._tcp.service.consul. 9 SRV 1 1 81 n2.node.dc1.consul."));
}

TEST(AnswerBrowseTest, SrvRecordsOfTheTypeStayWhatTheyWere) {
  World world;
  world.Add(Web());
  for (const char* name : {"_web._tcp.service.consul", "web.service.consul"}) {
    const std::string owner = std::string(name) + ". 0 SRV 1 1 8";
    EXPECT_THAT(world.Ask(name, "SRV").answer,
                ElementsAre(owner + "0 n1.node.dc1.consul.", owner + "1 n2.node.dc1.consul."));
    EXPECT_EQ(world.Ask(name, "A").answer.size(), 2U);
  }
}

TEST(AnswerBrowseTest, SubTypesAreTags) {  // W247
  World world;
  world.Add(Web());
  EXPECT_THAT(world.Ask("_http._sub._web._tcp.service.consul", "PTR").in_order,
              ElementsAre("_http._sub._web._tcp.service.consul. 5 PTR w1._web._tcp.service.consul.",
                          "_http._sub._web._tcp.service.consul. 5 PTR w2._web._tcp.service.consul."));
  const Reply dotted = world.Ask("_v1\\.2._sub._web._tcp.service.consul", "PTR");
  EXPECT_THAT(dotted.answer, ElementsAre("_v1\\.2._sub._web._tcp.service.consul. 5 PTR w1._web._tcp.service.consul."));
  EXPECT_EQ(dotted.additional.size(), 3U);
  ExpectNegative(world.Ask("_none._sub._web._tcp.service.consul", "PTR"), "NXDOMAIN");
  ExpectNegative(world.Ask("_v1._2._sub._web._tcp.service.consul", "PTR"), "NXDOMAIN");
  ExpectNegative(world.Ask("_http._sub._web._tcp.service.consul", "SRV"), "NOERROR");
  ExpectNegative(world.Ask("_sub._web._tcp.service.consul", "PTR"), "NOERROR");
}

TEST(AnswerBrowseTest, AnInstanceHasOneSrvAndOneTxt) {  // W248: the data of an instance without any
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Port(80).Weights(7, 1).Id("w1"));
  const Reply srv = world.Ask("w1._web._tcp.service.consul", "SRV");
  EXPECT_THAT(srv.answer, ElementsAre("w1._web._tcp.service.consul. 0 SRV 1 7 80 n1.node.dc1.consul."));
  EXPECT_THAT(srv.additional, ElementsAre("n1.node.dc1.consul. 0 A 10.0.0.1"));
  const Reply txt = world.Ask("W1._web._tcp.service.consul", "TXT");
  EXPECT_THAT(txt.answer,
              ElementsAre("W1._web._tcp.service.consul. 5 TXT \"txtvers=1\" \"id=w1\" \"tags=\" \"dc=dc1\""));
  EXPECT_THAT(txt.additional, IsEmpty());
  EXPECT_EQ(world.Ask("w1._web._tcp.service.consul", "ANY").answer.size(), 2U);
  ExpectNegative(world.Ask("w1._web._tcp.service.consul", "A"), "NOERROR");
  ExpectNegative(world.Ask("x.w1._web._tcp.service.consul", "SRV"), "NXDOMAIN");
}

TEST(AnswerBrowseTest, LabelsHoldAnyBytes) {  // W249
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Id("Büro 1.2").Port(80));
  constexpr char kName[] = "B\\195\\188ro\\0321\\.2._web._tcp.service.consul";
  EXPECT_THAT(world.Ask("_web._tcp.service.consul", "PTR").answer,
              ElementsAre(std::string("_web._tcp.service.consul. 5 PTR ") + kName + "."));
  EXPECT_THAT(world.Ask(kName, "SRV").answer, ElementsAre(std::string(kName) + ". 0 SRV 1 1 80 n1.node.dc1.consul."));
}

TEST(AnswerBrowseTest, UnknownAndHiddenTypes) {  // W250
  World world;
  world.Add(Service("hidden").On("n1", "10.0.0.1").Id("h1").Meta("dns-sd", "no"));
  ExpectNegative(world.Ask("_none._tcp.service.consul", "PTR"), "NXDOMAIN");
  ExpectNegative(world.Ask("x._none._tcp.service.consul", "SRV"), "NXDOMAIN");
  ExpectNegative(world.Ask("_hidden._tcp.service.consul", "PTR"), "NOERROR");  // its SRV records are there
  ExpectNegative(world.Ask("h1._hidden._tcp.service.consul", "SRV"), "NXDOMAIN");
  EXPECT_EQ(world.Ask("_hidden._tcp.service.consul", "SRV").answer.size(), 1U);
}

TEST(AnswerBrowseTest, UnhealthyInstancesAreGone) {  // W251
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Id("w1").Tag("v1").On("n2", "10.0.0.2").Id("w2").Critical().Tag("v2"));
  EXPECT_THAT(world.Ask("_web._tcp.service.consul", "PTR").answer,
              ElementsAre("_web._tcp.service.consul. 5 PTR w1._web._tcp.service.consul."));
  ExpectNegative(world.Ask("w2._web._tcp.service.consul", "SRV"), "NXDOMAIN");
  ExpectNegative(world.Ask("_v2._sub._web._tcp.service.consul", "PTR"), "NOERROR");
  world.Add(Service("web").On("n1", "10.0.0.1").Id("w1").Critical());
  ExpectNegative(world.Ask("_web._tcp.service.consul", "PTR"), "NOERROR");
}

TEST(AnswerBrowseTest, TellsWhereToBrowse) {  // W252
  World world;
  for (const char* label : {"b", "db", "r", "dr", "lb"}) {
    const std::string name = std::string(label) + "._dns-sd._udp.";
    for (const char* below : {"consul", "service.consul"}) {
      EXPECT_THAT(world.Ask(name + below, "PTR").answer, ElementsAre(name + below + ". 5 PTR service.consul."));
    }
    EXPECT_THAT(world.Ask(name + "service.dc1.consul", "PTR").answer,
                ElementsAre(name + "service.dc1.consul. 5 PTR service.dc1.consul."));
    ExpectNegative(world.Ask(name + "consul", "A"), "NOERROR");
  }
  for (const char* name : {"_dns-sd._udp.consul", "_udp.consul", "_dns-sd._udp.service.consul", "_udp.service.consul"})
    ExpectNegative(world.Ask(name, "PTR"), "NOERROR");
  ExpectNegative(world.Ask("x._dns-sd._udp.consul", "PTR"), "NXDOMAIN");
}

TEST(AnswerBrowseTest, ManyInstancesAreCutOverUdpAndFillTcp) {  // W253
  World world;
  world.Add(test::ManyInstances("web", 5000));
  const Reply udp = world.Ask(Question("_web._tcp.service.consul", "PTR").Edns(1232));
  EXPECT_TRUE(udp.truncated());
  EXPECT_THAT(udp.answer, IsEmpty());
  const Reply tcp = world.Ask(Question("_web._tcp.service.consul", "PTR").Tcp());
  EXPECT_EQ(tcp.problem, "");
  EXPECT_FALSE(tcp.truncated());
  EXPECT_GT(tcp.answer.size(), 2500U);
  EXPECT_GT(tcp.bytes.size(), 65500U);
  EXPECT_EQ(tcp.in_order, world.Ask(Question("_web._tcp.service.consul", "PTR").Tcp()).in_order);
}

TEST(AnswerBrowseTest, AdditionalRecordsGoFirst) {
  World world;
  world.Add(test::ManyInstances("web", 9));
  const Reply small = world.Ask("_web._tcp.service.consul", "PTR");
  EXPECT_FALSE(small.truncated());
  EXPECT_EQ(small.answer.size(), 9U);
  EXPECT_EQ(small.additional.size() % 3, 0U) << "whole instances only";
  EXPECT_LT(small.additional.size(), 27U);
  world.Add(test::ManyInstances("web", 900));
  const Reply tcp = world.Ask(Question("_web._tcp.service.consul", "PTR").Tcp());
  EXPECT_EQ(tcp.problem, "");
  EXPECT_EQ(tcp.answer.size(), 900U);
  EXPECT_GT(tcp.additional.size(), 900U);
}

TEST(AnswerBrowseTest, ManyTypesAreCutOverUdpAndFillTcp) {
  World world;
  for (int i = 0; i < 3500; ++i) world.NameOnly(Service("s" + std::to_string(10000 + i)));
  const Reply udp = world.Ask(Question(kTypes, "PTR").Edns(1232));
  EXPECT_TRUE(udp.truncated());
  EXPECT_THAT(udp.answer, IsEmpty());
  const Reply tcp = world.Ask(Question(kTypes, "PTR").Tcp());
  EXPECT_EQ(tcp.problem, "");
  EXPECT_FALSE(tcp.truncated());
  EXPECT_GT(tcp.answer.size(), 2000U);
  EXPECT_THAT(tcp.in_order.front(), ::testing::EndsWith(" _s10000._tcp.service.consul."));
}

TEST(AnswerBrowseTest, UdpServices) {
  World world;
  world.Add(Service("ntp").On("n1", "10.0.0.1").Id("n").Port(123).Meta("proto", "udp"));
  EXPECT_THAT(world.Ask("_ntp._udp.service.consul", "PTR").answer,
              ElementsAre("_ntp._udp.service.consul. 5 PTR n._ntp._udp.service.consul."));
  EXPECT_EQ(world.Ask("n._ntp._udp.service.consul", "SRV").answer.size(), 1U);
  ExpectNegative(world.Ask("_ntp._udp.service.consul", "SRV"), "NOERROR");  // no tag udp, but names below
  ExpectNegative(world.Ask("_ntp._tcp.service.consul", "PTR"), "NOERROR");
  ExpectNegative(world.Ask("n._ntp._tcp.service.consul", "SRV"), "NXDOMAIN");
  ExpectNegative(world.Add(Web()).Ask("_web._udp.service.consul", "PTR"), "NXDOMAIN");
  ExpectNegative(world.Ask("_web._udp.service.consul", "SRV"), "NXDOMAIN");
}

TEST(AnswerBrowseTest, AnswersStayInTheDomainAskedFor) {
  World world([](Settings& s) { s.alt_domain = test::WireName("alt.example"); });
  world.Add(Web());
  EXPECT_THAT(world.Ask("_web._tcp.service.dc1.consul", "PTR").answer,
              ElementsAre("_web._tcp.service.dc1.consul. 5 PTR w1._web._tcp.service.dc1.consul.",
                          "_web._tcp.service.dc1.consul. 5 PTR w2._web._tcp.service.dc1.consul."));
  EXPECT_THAT(world.Ask("_services._dns-sd._udp.service.alt.example", "PTR").answer,
              ElementsAre("_services._dns-sd._udp.service.alt.example. 5 PTR _web._tcp.service.alt.example."));
  EXPECT_THAT(world.Ask("b._dns-sd._udp.alt.example", "PTR").answer,
              ElementsAre("b._dns-sd._udp.alt.example. 5 PTR service.alt.example."));
  EXPECT_THAT(world.Ask("w1._web._tcp.service.alt.example", "SRV").answer,
              ElementsAre("w1._web._tcp.service.alt.example. 0 SRV 1 1 80 n1.node.dc1.consul."));
}

TEST(AnswerBrowseTest, InstancesThatAreNotFetchedYetAreWaitedFor) {
  World world;
  world.NameOnly(Service("web"));
  for (const char* name : {"_web._tcp.service.consul", "_v1._sub._web._tcp.service.consul"})
    EXPECT_EQ(world.Ask(name, "PTR").rcode, "wait service web dc1");
  EXPECT_EQ(world.Ask("w1._web._tcp.service.consul", "SRV").rcode, "wait service web dc1");
  EXPECT_EQ(world.Ask(kTypes, "PTR").answer.size(), 1U);
  world.Unavailable(Service("web").key());
  EXPECT_EQ(world.Ask("_web._tcp.service.consul", "PTR").rcode, "SERVFAIL");
}

TEST(AnswerBrowseTest, WhatIsBrowsedIsInUse) {
  World world;
  world.Add(Web()).Ask("_web._tcp.service.consul", "PTR");
  EXPECT_THAT(world.handler().answerer().TakeUsed(), ElementsAre(Service("web").key()));
}

TEST(AnswerBrowseTest, HostNamesAsAddresses) {
  World world;
  world.Add(Node("foo", "10.0.0.9"))
      .Add(Service("ext").On("n1", "10.0.0.1").Id("e1").Port(443).Address("foo.node.consul"));
  const Reply reply = world.Ask("e1._ext._tcp.service.consul", "SRV");
  EXPECT_THAT(reply.answer, ElementsAre("e1._ext._tcp.service.consul. 0 SRV 1 1 443 foo.node.consul."));
  EXPECT_THAT(reply.additional, ElementsAre("foo.node.consul. 0 A 10.0.0.9"));
  EXPECT_EQ(world.Ask("_ext._tcp.service.consul", "PTR").additional.size(), 3U);
}

TEST(AnswerBrowseTest, StaleAnswersHaveAShortTtl) {
  World world([](Settings& s) { s.stale_ttl = 2; });
  world.Add(Web()).Freshness(catalog::Freshness::kStale);
  EXPECT_THAT(
      world.Ask("_web._tcp.service.consul", "PTR").answer,
      ElementsAre(StartsWith("_web._tcp.service.consul. 2 PTR"), StartsWith("_web._tcp.service.consul. 2 PTR")));
}

TEST(AnswerBrowseTest, SwitchedOffTheNamesDoNotExist) {
  World world([](Settings& s) { s.dns_sd = false; });
  world.Add(Web());
  ExpectNegative(world.Ask("_web._tcp.service.consul", "PTR"), "NOERROR");
  for (const char* name : {kTypes, "b._dns-sd._udp.consul", "_udp.consul", "w1._web._tcp.service.consul"})
    ExpectNegative(world.Ask(name, "PTR"), "NXDOMAIN");
}

}  // namespace
}  // namespace signpost::service_zone
