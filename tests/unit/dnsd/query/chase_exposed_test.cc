// Signpost. Apache-2.0; see LICENSE.
// CNAMEs that lead to the names of exposed services.
#include <set>

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using resolver::UpstreamMessage;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

// A dnsd that shows services in example.com, and whose static zones lead to their names.
class ChaseToExposedTest : public SourcesSide {
 protected:
  ChaseToExposedTest() {
    world.Add(test::Service("shop").On("n1", "10.0.0.1").Port(80).Tag("http"));
    world.Add(test::Service("lb").On("e1", "10.9.0.1").On(test::Node("e2", "10.9.0.2")).Port(80));
    world.Follow([](Policy& policy) {
      policy.exposure = Exposure{.domain = test::WireName("example.com"), .balancer = "lb"};
      auto zones = std::make_shared<static_zone::ZoneSet>();
      zones->Add(Zone("corp.test", false,
                      "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns\nns A 192.0.2.1\n"
                      "www CNAME Shop.example.com.\n*.wild CNAME shop.example.com.\nold DNAME example.com.\n"
                      "other CNAME www.example.com.\nfar CNAME www.partner.test.\n"
                      "deep CNAME shop.sub.example.com.\nround CNAME ring.example.com.\n"));
      policy.zones = std::move(zones);
    });
  }
  void AddZone(std::string_view origin, const std::string& text) {
    world.Follow([&](Policy& policy) {
      auto zones = std::make_shared<static_zone::ZoneSet>(*policy.zones);
      zones->Add(Zone(origin, false, "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\n" + text));
      policy.zones = std::move(zones);
    });
  }
};

TEST_F(ChaseToExposedTest, FromAStaticZone) {
  const auto reply = AskPlain("www.corp.test", "A");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.flags, "aa ra");
  EXPECT_THAT(reply.answer, UnorderedElementsAre("www.corp.test. 60 CNAME Shop.example.com.",
                                                 "shop.example.com. 0 A 10.9.0.1", "shop.example.com. 0 A 10.9.0.2"));
  EXPECT_EQ(world.counters().sources[static_cast<size_t>(Source::kStaticZone)].value(), 1U);
}

TEST_F(ChaseToExposedTest, OtherTypesAreNoDataOfThePublicDomain) {
  const auto reply = AskPlain("www.corp.test", "AAAA");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_THAT(reply.answer, ElementsAre("www.corp.test. 60 CNAME Shop.example.com."));
  EXPECT_THAT(reply.authority, ElementsAre(StartsWith("example.com. 1 SOA")));
}

TEST_F(ChaseToExposedTest, ByWildcardsAndDnames) {
  EXPECT_THAT(AskPlain("x.wild.corp.test", "A").answer,
              UnorderedElementsAre("x.wild.corp.test. 60 CNAME shop.example.com.", "shop.example.com. 0 A 10.9.0.1",
                                   "shop.example.com. 0 A 10.9.0.2"));
  EXPECT_THAT(AskPlain("shop.old.corp.test", "A").answer,
              UnorderedElementsAre("old.corp.test. 60 TYPE39 \\# 13 076578616d706c6503636f6d00",
                                   "shop.old.corp.test. 60 CNAME shop.example.com.", "shop.example.com. 0 A 10.9.0.1",
                                   "shop.example.com. 0 A 10.9.0.2"));
}

TEST_F(ChaseToExposedTest, WhatIsNotExposedIsForwarded) {
  EXPECT_EQ(Ask("other.corp.test", "A").rcode, "wait upstream www.example.com. A");
  EXPECT_EQ(Ask("deep.corp.test", "A").rcode, "wait upstream shop.sub.example.com. A");
  EXPECT_THAT(AskPlain("other.corp.test", "A").answer, ElementsAre("other.corp.test. 60 CNAME www.example.com."));
}

TEST_F(ChaseToExposedTest, FromTheCatalog) {
  world.Add(test::Service("ext").On("e1", "10.9.0.1").Port(80).Address("shop.example.com"));
  EXPECT_THAT(AskPlain("ext.service.consul", "A").answer,
              UnorderedElementsAre("ext.service.consul. 0 CNAME shop.example.com.", "shop.example.com. 0 A 10.9.0.1",
                                   "shop.example.com. 0 A 10.9.0.2"));
}

TEST_F(ChaseToExposedTest, WithinTheStaticZoneOfThePublicDomain) {
  AddZone("example.com", "www CNAME shop\n* A 192.0.2.9\nmail CNAME host\nhost A 192.0.2.8\n");
  EXPECT_THAT(AskPlain("www.example.com", "A").answer,
              UnorderedElementsAre("www.example.com. 60 CNAME shop.example.com.", "shop.example.com. 0 A 10.9.0.1",
                                   "shop.example.com. 0 A 10.9.0.2"));
  EXPECT_THAT(AskPlain("mail.example.com", "A").answer,
              UnorderedElementsAre("mail.example.com. 60 CNAME host.example.com.", "host.example.com. 60 A 192.0.2.8"));
  EXPECT_THAT(AskPlain("other.corp.test", "A").answer.size(), 4U) << "through both zones";
}

TEST_F(ChaseToExposedTest, SetsInTheZoneOfThePublicDomainTurn) {
  AddZone("example.com", "www CNAME host\nhost A 192.0.2.8\nhost A 192.0.2.9\n");
  AddZone("plain.test", "www CNAME host\nhost A 192.0.2.8\nhost A 192.0.2.9\n");
  for (const char* name : {"www.example.com", "www.plain.test", "other.corp.test"}) {
    std::set<std::string> first;
    for (int i = 0; i < 2; ++i) {
      const auto records = AskPlain(name, "A").in_order;
      ASSERT_GE(records.size(), 3U) << name;
      first.insert(records[records.size() - 2]);
      AskPlain(name, "AAAA");  // as clients do
    }
    EXPECT_EQ(first.size(), 2U) << name;
  }
}

TEST_F(ChaseToExposedTest, IntoAZoneBelowTheZone) {
  AddZone("dc.corp.test", "host A 192.0.2.7\n");
  AddZone("corp.test", "in CNAME host.dc\n");
  EXPECT_THAT(AskPlain("in.corp.test", "A").answer,
              UnorderedElementsAre("in.corp.test. 60 CNAME host.dc.corp.test.", "host.dc.corp.test. 60 A 192.0.2.7"));
}

TEST_F(ChaseToExposedTest, IntoTheCatalogsDomainBelowTheZone) {
  AddZone("consul", "www CNAME shop.service\n");
  AddZone(".", "www CNAME shop.service.consul.\n");
  EXPECT_THAT(AskPlain("www", "A").answer,
              UnorderedElementsAre("www. 60 CNAME shop.service.consul.", "shop.service.consul. 0 A 10.0.0.1"));
}

TEST_F(ChaseToExposedTest, ABalancerWithAHostNameIsFollowed) {
  world.Add(test::Service("lb").On("e1", "10.9.0.1").Port(80).Address("edge.partner.test"));
  for (const char* name : {"shop.example.com", "www.corp.test"}) {
    EXPECT_EQ(Ask(name, "A").rcode, "wait upstream edge.partner.test. A") << name;
  }
  Settle(UpstreamMessage("edge.partner.test", "A").Answer("edge.partner.test 30 A 192.0.2.7"));
  EXPECT_THAT(Ask("www.corp.test", "A").in_order,
              ElementsAre("www.corp.test. 60 CNAME Shop.example.com.", "shop.example.com. 0 CNAME edge.partner.test.",
                          "edge.partner.test. 30 A 192.0.2.7"));
  EXPECT_THAT(AskPlain("www.corp.test", "MX").answer.size(), 2U);
  world.Add(test::Service("lb").On("e1", "10.9.0.1").Port(80).Address("ext.service.consul"));
  world.Add(test::Service("ext").On("e2", "10.9.0.2").Port(80));
  EXPECT_THAT(Ask("www.corp.test", "A").in_order,
              ElementsAre("www.corp.test. 60 CNAME Shop.example.com.", "shop.example.com. 0 CNAME ext.service.consul.",
                          "ext.service.consul. 0 A 10.9.0.2"));
}

TEST_F(ChaseToExposedTest, CirclesEndWhereTheyMeetThemselves) {
  world.Add(test::Service("ring").On("n1", "10.0.0.1").Port(80).Tag("http"));
  world.Add(test::Service("lb").On("e1", "10.9.0.1").Port(80).Address("round.corp.test"));
  for (const char* name : {"round.corp.test", "ring.example.com"}) {
    const auto reply = Ask(name, "A");
    EXPECT_EQ(reply.rcode, "NOERROR") << name;
    EXPECT_THAT(reply.answer, UnorderedElementsAre("round.corp.test. 60 CNAME ring.example.com.",
                                                   "ring.example.com. 0 CNAME round.corp.test."))
        << name;
  }
  const auto reply = Ask("www.corp.test", "A");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_LE(reply.answer.size(), 4U) << "once round";
}

TEST_F(ChaseToExposedTest, AnUpstreamsCnameLeadsToThem) {
  Settle(UpstreamMessage("www.partner.test", "A")
             .Answer("www.partner.test 50 CNAME a.partner.test")
             .Answer("a.partner.test 40 CNAME shop.example.com")
             .Answer("shop.example.com 30 A 203.0.113.1"));
  const std::vector<std::string> chain = {"wWw.partner.test. 50 CNAME a.partner.test.",
                                          "a.partner.test. 40 CNAME shop.example.com.",
                                          "shop.example.com. 0 A 10.9.0.1", "shop.example.com. 0 A 10.9.0.2"};
  const auto reply = Ask("wWw.partner.test", "A");
  EXPECT_EQ(reply.flags, "rd ra");
  EXPECT_THAT(reply.answer, UnorderedElementsAreArray(chain)) << "the upstream's word for our name is dropped";
  EXPECT_THAT(Ask("far.corp.test", "A").answer, SizeIs(5)) << "behind a link of our own";
  EXPECT_EQ(Ask("www.partner.test", "CNAME").rcode, "wait upstream www.partner.test. CNAME");
  world.Follow([](Policy& policy) { policy.exposure->by_upstreams = false; });
  EXPECT_THAT(Ask("www.partner.test", "A").answer, Contains("shop.example.com. 30 A 203.0.113.1"));
}

TEST_F(ChaseToExposedTest, AnUpstreamsDenialOfAnExposedNameIsDropped) {
  Settle(UpstreamMessage("www.partner.test", "A")
             .Rcode(3)
             .Answer("www.partner.test 50 CNAME shop.example.com")
             .Authority("example.com 60 SOA 30"));
  for (const char* name : {"www.partner.test", "far.corp.test"}) {
    const auto reply = Ask(name, "A");
    EXPECT_EQ(reply.rcode, "NOERROR") << name;
    EXPECT_THAT(reply.answer, Contains("shop.example.com. 0 A 10.9.0.1")) << name;
    EXPECT_THAT(reply.authority, IsEmpty()) << name;
  }
}

TEST_F(ChaseToExposedTest, AnUpstreamsFailureForAnExposedNameIsDropped) {
  const auto fail = [this](const std::string& target) {
    Settle(UpstreamMessage("www.partner.test", "A").Answer("www.partner.test 50 CNAME " + target));
    const auto failure = resolver::MakeFailure(settled.question, wire::Ede::kNetworkError, "no answer", now_ms, 1000);
    failure->failed_chain = settled.answer;
    settled = {settled.question, failure, resolver::Age::kFresh, now_ms + 1000};
    forwarded().Arrive(settled);
    forwarded().Leave();
  };
  fail("shop.example.com");
  EXPECT_THAT(Ask("www.partner.test", "A").answer,
              UnorderedElementsAre("www.partner.test. 50 CNAME shop.example.com.", "shop.example.com. 0 A 10.9.0.1",
                                   "shop.example.com. 0 A 10.9.0.2"));
  const auto reply = Ask("far.corp.test", "A");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_THAT(reply.answer, SizeIs(4));
  EXPECT_THAT(reply.opt_data, IsEmpty()) << "no EDE";
  fail("www.example.com");
  const auto failed = Ask("www.partner.test", "A");
  EXPECT_EQ(failed.rcode, "SERVFAIL") << "not exposed";
  EXPECT_THAT(failed.answer, IsEmpty());
  EXPECT_THAT(failed.opt_data, HasSubstr("000f"));
  EXPECT_THAT(Ask("far.corp.test", "A").answer, ElementsAre("far.corp.test. 60 CNAME www.partner.test."));
}

TEST_F(ChaseToExposedTest, AnUpstreamsChainThroughOtherNamesOfThePublicDomainStays) {
  Settle(UpstreamMessage("www.partner.test", "A")
             .Answer("www.partner.test 50 CNAME www.example.com")
             .Answer("www.example.com 30 A 203.0.113.1"));
  EXPECT_THAT(Ask("www.partner.test", "A").answer,
              UnorderedElementsAre("www.partner.test. 50 CNAME www.example.com.", "www.example.com. 30 A 203.0.113.1"));
}

TEST_F(ChaseToExposedTest, LinksAndDataThatDoNotFitSetTc) {
  world.Add(test::ManyInstances("lb", 60));
  const auto udp = world.At(now_ms).Ask(test::Question("www.corp.test", "A"));
  EXPECT_TRUE(udp.truncated());
  EXPECT_EQ(udp.in_order[0], "www.corp.test. 60 CNAME Shop.example.com.");
  const auto tcp = world.At(now_ms).Ask(test::Question("www.corp.test", "A").Tcp());
  EXPECT_FALSE(tcp.truncated());
  EXPECT_EQ(tcp.answer.size(), 61U);
}

TEST_F(ChaseToExposedTest, WhileTheCatalogIsNotKnownNothingIsTakenFromOthers) {
  Settle(UpstreamMessage("www.partner.test", "A")
             .Answer("www.partner.test 50 CNAME shop.example.com")
             .Answer("shop.example.com 30 A 203.0.113.1"));
  world.Freshness(catalog::Freshness::kStarting);
  for (const char* name : {"www.corp.test", "www.partner.test"}) {
    const auto reply = Ask(name, "A");
    EXPECT_EQ(reply.rcode, "SERVFAIL") << name;
    EXPECT_THAT(reply.opt_data, HasSubstr("000f0002000e")) << name << ": EDE 14";
  }
}

TEST_F(ChaseToExposedTest, OldDataAtTheEndSaySo) {
  world.Freshness(catalog::Freshness::kStale);
  const auto reply = Ask("www.corp.test", "A");
  EXPECT_THAT(reply.opt_data, HasSubstr("000f00020003"));
  EXPECT_EQ(world.counters().stale.value(), 0U) << "counts forwarded answers";
}

TEST_F(ChaseToExposedTest, WhatIsNotFetchedYetIsWaitedFor) {
  world.NameOnly(test::Service("new"));
  AddZone("late.test", "www CNAME new.example.com.\n");
  EXPECT_EQ(AskPlain("www.late.test", "A").rcode, "wait service new dc1");
}

}  // namespace
}  // namespace signpost::query
