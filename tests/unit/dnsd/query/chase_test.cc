// Signpost. Apache-2.0; see LICENSE.
// CNAMEs that leave the source they stand in.
#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using resolver::UpstreamMessage;
using ::testing::ElementsAre;

class ChaseTest : public SourcesSide {};

TEST_F(ChaseTest, FromAStaticZoneToAnUpstream) {
  EXPECT_EQ(Ask("out.static.test", "A").rcode, "wait upstream www.example.com. A");
  Settle(UpstreamMessage("www.example.com", "A")
             .Answer("www.example.com 50 CNAME cdn.example.net")
             .Answer("cdn.example.net 20 A 192.0.2.7"));
  const auto reply = Ask("out.static.test", "A");
  EXPECT_EQ(reply.flags, "aa rd ra") << "AA is of the first owner (W160)";
  EXPECT_THAT(reply.in_order,
              ElementsAre("out.static.test. 60 CNAME www.example.com.", "www.example.com. 50 CNAME cdn.example.net.",
                          "cdn.example.net. 20 A 192.0.2.7"));
}

TEST_F(ChaseTest, AStaleEndSaysSo) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"), 2000, resolver::Age::kStale);
  EXPECT_THAT(Ask("out.static.test", "A").opt_data, ::testing::HasSubstr("000f00020003"));
  EXPECT_EQ(world.counters().stale.value(), 1U);
}

TEST_F(ChaseTest, WhoMayNotRecurseFollowsHimself) {
  EXPECT_THAT(AskPlain("out.static.test", "A").answer, ElementsAre("out.static.test. 60 CNAME www.example.com."));
}

TEST_F(ChaseTest, WhoAsksForTheCnameHasIt) {
  EXPECT_THAT(Ask("out.static.test", "CNAME").answer, ElementsAre("out.static.test. 60 CNAME www.example.com."));
}

TEST_F(ChaseTest, TheEndDecidesTheRcode) {
  Settle(UpstreamMessage("www.example.com", "A").Rcode(3).Authority("example.com 60 SOA 30"));
  const auto reply = Ask("out.static.test", "A");
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_EQ(reply.answer.size(), 1U);
}

TEST_F(ChaseTest, FromAStaticZoneIntoTheCatalog) {
  const auto reply = AskPlain("in.static.test", "A");
  EXPECT_THAT(reply.answer,
              ElementsAre("in.static.test. 60 CNAME web.service.consul.", "web.service.consul. 0 A 10.0.0.1"));
}

TEST_F(ChaseTest, FromTheCatalogToAnUpstream) {
  world.Add(test::Service("ext").On("e1", "10.0.0.9").Port(80).Address("www.example.com"));
  EXPECT_EQ(Ask("ext.service.consul", "A").rcode, "wait upstream www.example.com. A");
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"));
  EXPECT_THAT(Ask("ext.service.consul", "A").answer,
              ElementsAre("ext.service.consul. 0 CNAME www.example.com.", "www.example.com. 60 A 192.0.2.7"));
}

TEST_F(ChaseTest, InCirclesBetweenTwoSourcesEnds) {
  world.Add(test::Service("turn").On("e1", "10.0.0.9").Port(80).Address("back.static.test"));
  const auto reply = Ask("turn.service.consul", "A");
  EXPECT_EQ(reply.rcode, "NOERROR") << "where it meets itself (W163)";
  EXPECT_THAT(reply.in_order, ElementsAre("turn.service.consul. 0 CNAME back.static.test.",
                                          "back.static.test. 60 CNAME turn.service.consul."));
}

TEST_F(ChaseTest, IntoADelegationOfAStaticZone) {
  EXPECT_EQ(Ask("cut.static.test", "A").rcode, "wait upstream host.sub.static.test. A");
  Settle(UpstreamMessage("host.sub.static.test", "A").Answer("host.sub.static.test 60 A 192.0.2.9"));
  EXPECT_THAT(Ask("cut.static.test", "A").in_order,
              ElementsAre("cut.static.test. 60 CNAME host.sub.static.test.", "host.sub.static.test. 60 A 192.0.2.9"));
}

TEST_F(ChaseTest, WhatIsNotForwardedStaysHere) {
  world.Follow([](Policy& policy) {
    auto zones = std::make_shared<static_zone::ZoneSet>();
    zones->Add(Zone("corp.test", false,
                    "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\none CNAME printer.\nout CNAME www.example.com.\n"));
    policy.zones = std::move(zones);
  });
  const auto reply = Ask("one.corp.test", "A");
  EXPECT_EQ(reply.rcode, "NXDOMAIN") << "a single label";
  EXPECT_THAT(reply.answer, ElementsAre("one.corp.test. 60 CNAME printer."));
  EXPECT_THAT(reply.authority, ElementsAre(::testing::StartsWith(". 60 SOA")));
  EXPECT_EQ(Ask("one.corp.test", "NS").rcode, "wait upstream printer. NS");
  EXPECT_EQ(Ask("out.corp.test", "MAILB").rcode, "NOTIMP");
  EXPECT_EQ(Ask("out.corp.test", "A").rcode, "wait upstream www.example.com. A");
}

TEST_F(ChaseTest, AFailedUpstreamIsServfail) {
  const auto question = resolver::Ask("www.example.com", "A");
  settled = {question, resolver::MakeFailure(question, wire::Ede::kNetworkError, "no answer", now_ms, 1000),
             resolver::Age::kFresh, now_ms + 1000};
  forwarded().Arrive(settled);
  forwarded().Leave();
  EXPECT_EQ(Ask("out.static.test", "A").rcode, "SERVFAIL");
}

TEST_F(ChaseTest, AnAnswerPastItsEndSaysSo) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"), 2000, resolver::Age::kStale);
  EXPECT_THAT(Ask("out.static.test", "A").opt_data, ::testing::HasSubstr("000f00020003")) << "EDE 3";
  EXPECT_EQ(world.counters().stale.value(), 1U);
}

}  // namespace
}  // namespace signpost::query
