// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/sources.h"

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using resolver::UpstreamMessage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SourcesTest : public SourcesSide {};

TEST_F(SourcesTest, ForeignNamesWaitForAnUpstreamAndComeFromTheCacheThen) {
  EXPECT_EQ(Ask("www.example.com", "A").rcode, "wait upstream www.example.com. A");
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"));
  const auto reply = Ask("wWw.eXample.com", "A");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.flags, "rd ra") << "not our own data";
  EXPECT_THAT(reply.answer, ElementsAre("wWw.eXample.com. 60 A 192.0.2.7"));
  EXPECT_EQ(world.counters().sources[static_cast<size_t>(Source::kForwarded)].value(), 1U);
}

TEST_F(SourcesTest, VariantsAreKeptApart) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"));
  EXPECT_EQ(AskPlain("www.example.com", "A", 0x0110).rcode, "wait upstream www.example.com. A") << "CD (F59)";
  EXPECT_EQ(world.Ask(test::Question("www.example.com", "A").Flags(0x0100).DnssecOk()).rcode,
            "wait upstream www.example.com. A");
}

TEST_F(SourcesTest, CdIsCopiedForForwardedNamesOnly) {
  auto message = UpstreamMessage(resolver::Ask("www.example.com", "A", {.checking_disabled = true}));
  Settle(message.Answer("www.example.com 60 A 192.0.2.7"));
  EXPECT_EQ(AskPlain("www.example.com", "A", 0x0110).flags, "rd ra cd");
  EXPECT_EQ(AskPlain("web.service.consul", "A", 0x0110).flags, "aa rd ra");
}

TEST_F(SourcesTest, WithoutRdNothingIsForwardedNorShownFromTheCache) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"));
  const auto reply = AskPlain("www.example.com", "A");
  EXPECT_EQ(reply.rcode, "REFUSED");
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.opt_data, HasSubstr("000f00020014")) << "EDE 20";
}

TEST_F(SourcesTest, StrangersGetNoRecursion) {
  world.From({198, 51, 100, 1});
  const auto reply = Ask("www.example.com", "A");
  EXPECT_EQ(reply.rcode, "REFUSED");
  EXPECT_EQ(reply.flags, "rd") << "RA=0";
  EXPECT_THAT(reply.opt_data, HasSubstr("000f00020012")) << "EDE 18";
  EXPECT_EQ(Ask("web.service.consul", "A").rcode, "NOERROR") << "own data are for everybody";
}

TEST_F(SourcesTest, TheNearerOfZoneAndRouteAnswers) {
  EXPECT_EQ(Ask("ns.static.test", "A").flags, "aa rd ra");
  EXPECT_EQ(Ask("x.local", "A").rcode, "NXDOMAIN");
  world.Follow([](Policy& policy) {
    policy.routes = std::make_shared<const resolver::Routes>(
        std::vector{RouteTo("."), RouteTo("local"), RouteTo("static.test"), RouteTo("deep.static.test")});
  });
  EXPECT_EQ(Ask("x.local", "A").rcode, "wait upstream x.local. A") << "a route beats a built-in zone";
  EXPECT_EQ(Ask("ns.static.test", "A").rcode, "NOERROR") << "the operator's zone beats a route for the same name";
  EXPECT_EQ(Ask("a.deep.static.test", "A").rcode, "wait upstream a.deep.static.test. A") << "the longer one wins";
}

TEST_F(SourcesTest, SingleLabelsStayHere) {
  const auto reply = Ask("printer", "A");
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_EQ(reply.authority.size(), 1U);
  EXPECT_EQ(Ask("com", "NS").rcode, "wait upstream com. NS");
  EXPECT_EQ(Ask(".", "NS").rcode, "wait upstream . NS");
}

TEST_F(SourcesTest, QuestionsThatAreNoneAreNotForwarded) {
  EXPECT_THAT(Ask("www.example.com", "ANY").answer, ElementsAre(HasSubstr("HINFO")));
  EXPECT_EQ(Ask("www.example.com", "TYPE200").rcode, "NOTIMP");
  EXPECT_EQ(Ask("www.example.com", "AXFR").rcode, "REFUSED");
  EXPECT_EQ(world.Ask(test::Question("www.example.com", "A").Flags(0x0100).Class(255)).rcode, "REFUSED");
}

TEST_F(SourcesTest, BelowADelegationSomebodyElseIsAsked) {
  EXPECT_EQ(Ask("host.sub.static.test", "A").rcode, "wait upstream host.sub.static.test. A") << "W171";
  const auto referral = AskPlain("host.sub.static.test", "A");
  EXPECT_EQ(referral.rcode, "NOERROR");
  EXPECT_THAT(referral.authority, ElementsAre(HasSubstr("NS")));
}

TEST_F(SourcesTest, ReverseNamesOutsideTheCatalogAreForwarded) {
  EXPECT_EQ(Ask("1.0.0.10.in-addr.arpa", "PTR").rcode, "NOERROR");
  EXPECT_EQ(Ask("9.9.9.9.in-addr.arpa", "PTR").rcode, "wait upstream 9.9.9.9.in-addr.arpa. PTR");
  world.From({198, 51, 100, 1});
  EXPECT_EQ(Ask("9.9.9.9.in-addr.arpa", "PTR").rcode, "NXDOMAIN") << "nobody else answers: as Consul does";
}

TEST_F(SourcesTest, ANameAboveAReverseNameOfTheCatalogExists) {
  world.Follow([](Policy& policy) {
    auto zones = std::make_shared<static_zone::ZoneSet>();
    zones->Add(Zone("10.in-addr.arpa", true, "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\n"));
    policy.zones = std::move(zones);
  });
  EXPECT_EQ(Ask("1.0.0.10.in-addr.arpa", "PTR").rcode, "NOERROR");
  for (const char* above : {"0.0.10.in-addr.arpa", "0.10.in-addr.arpa", "10.in-addr.arpa"}) {
    EXPECT_EQ(Ask(above, "PTR").rcode, "NOERROR") << above << ": else nobody looks below it (RFC 8020)";
  }
  EXPECT_EQ(Ask("1.10.in-addr.arpa", "PTR").rcode, "NXDOMAIN");
  EXPECT_EQ(Ask("in-addr.arpa", "PTR").rcode, "wait upstream in-addr.arpa. PTR");
}

TEST_F(SourcesTest, AReverseZoneIsItsOwnersButForThePtrRecordsOfTheCatalog) {
  world.Follow([](Policy& policy) {
    auto zones = std::make_shared<static_zone::ZoneSet>();
    zones->Add(
        Zone("0.0.10.in-addr.arpa", false, "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\n1 TXT floor\n2 PTR x.\n"));
    policy.zones = std::move(zones);
  });
  EXPECT_THAT(Ask("0.0.10.in-addr.arpa", "SOA").answer, ElementsAre(HasSubstr(" SOA ")));
  EXPECT_THAT(Ask("1.0.0.10.in-addr.arpa", "TXT").answer, ElementsAre(HasSubstr("floor")));
  EXPECT_THAT(Ask("1.0.0.10.in-addr.arpa", "PTR").answer, ElementsAre(HasSubstr("n1.node")));
  EXPECT_THAT(Ask("2.0.0.10.in-addr.arpa", "PTR").answer, ElementsAre(HasSubstr("x.")));
}

TEST_F(SourcesTest, WhileTheCatalogIsNotKnownNothingIsDenied) {
  world.Follow([](Policy& policy) {
    auto zones = std::make_shared<static_zone::ZoneSet>();
    zones->Add(Zone("10.in-addr.arpa", true, "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\n"));
    policy.zones = std::move(zones);
    policy.exposure = Exposure{.domain = test::WireName("apps.example"), .balancer = "lb"};
  });
  world.Freshness(catalog::Freshness::kStarting);
  EXPECT_EQ(Ask("1.0.0.10.in-addr.arpa", "PTR").rcode, "SERVFAIL");
  EXPECT_EQ(Ask("9.9.9.9.in-addr.arpa", "PTR").rcode, "wait upstream 9.9.9.9.in-addr.arpa. PTR");
  const auto exposed = Ask("web.apps.example", "A");
  EXPECT_EQ(exposed.rcode, "SERVFAIL");
  EXPECT_THAT(exposed.opt_data, HasSubstr("000f0002000e")) << "EDE 14";
  EXPECT_EQ(Ask("a.b.apps.example", "A").rcode, "wait upstream a.b.apps.example. A");
}

TEST_F(SourcesTest, TheCatalogSaysWhyItIsNotWhatItCouldBe) {
  const auto ede = [&](catalog::Freshness freshness, std::string_view name) {
    world.Freshness(freshness);
    return Ask(name, "A").opt_data;
  };
  EXPECT_EQ(ede(catalog::Freshness::kFresh, "web.service.consul"), "");
  EXPECT_THAT(ede(catalog::Freshness::kStale, "web.service.consul"), HasSubstr("000f00020003"));
  EXPECT_THAT(ede(catalog::Freshness::kStale, "none.service.consul"), HasSubstr("000f00020013"));
  EXPECT_THAT(ede(catalog::Freshness::kExpired, "web.service.consul"), HasSubstr("000f0002000e"));
  EXPECT_EQ(world.counters().stale.value(), 0U) << "counts forwarded answers";
}

TEST_F(SourcesTest, StaleAnswersSaySo) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"), 2000, resolver::Age::kStale);
  const auto reply = Ask("www.example.com", "A");
  EXPECT_THAT(reply.answer, ElementsAre("www.example.com. 30 A 192.0.2.7"));
  EXPECT_THAT(reply.opt_data, HasSubstr("000f00020003")) << "EDE 3";
  EXPECT_EQ(world.counters().stale.value(), 1U);
  now_ms = 2000;
  EXPECT_EQ(Ask("www.example.com", "A").rcode, "wait upstream www.example.com. A") << "after a second it is asked anew";
}

TEST_F(SourcesTest, PatienceEndsWithServfail) {
  world.LastTry(true);
  const auto reply = Ask("www.example.com", "A");
  EXPECT_EQ(reply.rcode, "SERVFAIL");
}

TEST_F(SourcesTest, OftenAskedAnswersAreFetchedBeforeTheyEnd) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"), 61'000);
  const auto refreshes = [&] { return world.handler().TakeRefreshes().size(); };
  for (int i = 0; i < 3; ++i) Ask("www.example.com", "A");
  EXPECT_EQ(refreshes(), 0U) << "too early";
  now_ms = 56'000;
  for (int i = 0; i < 3; ++i) Ask("www.example.com", "A");
  EXPECT_EQ(refreshes(), 1U) << "once per answer (F74)";
}

TEST_F(SourcesTest, NothingIsForwardedWithoutRoutes) {
  world.Follow(
      [](Policy& policy) { policy.routes = std::make_shared<const resolver::Routes>(std::vector<resolver::Route>{}); });
  EXPECT_EQ(Ask("www.example.com", "A").rcode, "REFUSED");
  EXPECT_EQ(Ask("web.service.consul", "A").flags, "aa rd") << "RA=0";
}

}  // namespace
}  // namespace signpost::query
