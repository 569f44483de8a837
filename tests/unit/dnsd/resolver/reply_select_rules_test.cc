// Signpost. Apache-2.0; see LICENSE.
// What a reply may say about names and addresses that are ours, or another route's.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dnsd/resolver/select_cases.h"

namespace signpost::resolver {
namespace {

ReplyRules Protected() { return {.rebind_protection = true, .rebind_allowed = {Ask("corp.example", "A").name}}; }

TEST(ReplySelectRulesTest, PrivateAddressesAreTakenOut) {
  Check(
      {
          {"F16 one of two",
           Www().Answer("www.example.com 60 A 10.0.0.1").Answer("www.example.com 60 A 192.0.2.1"),
           "answer",
           {"www.example.com. 60 A 192.0.2.1"}},
          {"F16 all", Www().Answer("www.example.com 60 A 127.0.0.1"), "answer", {}},
          {"F16 all, behind a CNAME",
           Www().Answer("www.example.com 60 CNAME a.example.com").Answer("a.example.com 60 A 192.168.1.1"),
           "answer",
           {}},
          {"F16 allowed",
           UpstreamMessage("a.corp.example", "A").Answer("a.corp.example 60 A 10.0.0.1"),
           "answer",
           {"a.corp.example. 60 A 10.0.0.1"}},
          {"F16 allowed for the name that was asked for, not for where it leads",
           Www().Answer("www.example.com 60 CNAME a.corp.example").Answer("a.corp.example 60 A 10.0.0.1"),
           "answer",
           {}},
          {"F16 allowed, wherever it leads",
           UpstreamMessage("a.corp.example", "A")
               .Answer("a.corp.example 60 CNAME a.example.com")
               .Answer("a.example.com 60 A 10.0.0.1"),
           "answer",
           {"a.corp.example. 60 CNAME a.example.com.", "a.example.com. 60 A 10.0.0.1"}},
          {"F16 in the additional section",
           UpstreamMessage("example.com", "SRV")
               .Answer("example.com 60 SRV 1 1 1 a.example.com")
               .Additional("a.example.com 60 A 10.0.0.1"),
           "answer",
           {"example.com. 60 SRV 1 1 1 a.example.com."}},
      },
      Protected());
  Check({{"not asked for",
          Www().Answer("www.example.com 60 A 127.0.0.1"),
          "answer",
          {"www.example.com. 60 A 127.0.0.1"}}});
}

TEST(ReplySelectRulesTest, ABlockedAnswerSaysSoAndIsShort) {
  const auto answer = AnswerOf(Www().Answer("www.example.com 3600 A 127.0.0.1"), Protected());
  EXPECT_EQ(answer->ede, wire::Ede::kBlocked);
  EXPECT_EQ(answer->rcode, wire::Rcode::kNoError);
  EXPECT_EQ(answer->expires_ms, kNow + 30'000);
}

TEST(ReplySelectRulesTest, ChainsIntoOurOwnZonesAreCut) {
  const ReplyRules rules{.own_zones = {Ask("consul", "A").name}};
  Check(
      {
          {"F30 with data",
           Www().Answer("www.example.com 60 CNAME web.service.consul").Answer("web.service.consul 60 A 192.0.2.66"),
           "answer",
           {"www.example.com. 60 CNAME web.service.consul."}},
          {"F30 whatever the rcode is",
           Www().Rcode(3).Answer("www.example.com 60 CNAME web.service.consul"),
           "answer",
           {"www.example.com. 60 CNAME web.service.consul."}},
          {"F30 additional records",
           UpstreamMessage("example.com", "SRV")
               .Answer("example.com 60 SRV 1 1 1 web.service.consul")
               .Additional("web.service.consul 60 A 192.0.2.66"),
           "answer",
           {"example.com. 60 SRV 1 1 1 web.service.consul."}},
          {"a name that only ends alike",
           Www().Answer("www.example.com 60 CNAME web.notconsul").Answer("web.notconsul 60 A 192.0.2.1"),
           "answer",
           {"www.example.com. 60 CNAME web.notconsul.", "web.notconsul. 60 A 192.0.2.1"}},
          {"asked in the zone on purpose",
           UpstreamMessage("a.consul", "A").Answer("a.consul 60 CNAME b.consul").Answer("b.consul 60 A 192.0.2.1"),
           "answer",
           {"a.consul. 60 CNAME b.consul.", "b.consul. 60 A 192.0.2.1"}},
      },
      rules);
}

TEST(ReplySelectRulesTest, ChainsIntoAnotherRouteAreAskedForThere) {  // F67
  const ReplyRules rules{.routed = {Ask("corp.example", "A").name}};
  Check(
      {
          {"with data",
           Www().Answer("www.example.com 60 CNAME a.corp.example").Answer("a.corp.example 60 A 192.0.2.66"),
           "chase a.corp.example.",
           {"www.example.com. 60 CNAME a.corp.example."}},
          {"with no such name",
           Www().Rcode(3).Answer("www.example.com 60 CNAME a.corp.example").Authority("example 30 SOA 30"),
           "chase a.corp.example.",
           {"www.example.com. 60 CNAME a.corp.example."}},
          {"within the route",
           UpstreamMessage("a.corp.example", "A")
               .Answer("a.corp.example 60 CNAME b.corp.example")
               .Answer("b.corp.example 60 A 192.0.2.1"),
           "answer",
           {"a.corp.example. 60 CNAME b.corp.example.", "b.corp.example. 60 A 192.0.2.1"}},
          {"out of the route",
           UpstreamMessage("a.corp.example", "A")
               .Answer("a.corp.example 60 CNAME www.example.com")
               .Answer("www.example.com 60 A 192.0.2.1"),
           "answer",
           {"a.corp.example. 60 CNAME www.example.com.", "www.example.com. 60 A 192.0.2.1"}},
          {"the CNAME of a DNAME was itself asked for",
           UpstreamMessage("www.example.com", "CNAME").Answer("example.com 60 DNAME corp.example"),
           "answer",
           {"example.com. 60 TYPE39 \\# 14 04636f7270076578616d706c6500",
            "www.example.com. 60 CNAME www.corp.example."}},
      },
      rules);
}

}  // namespace
}  // namespace signpost::resolver
