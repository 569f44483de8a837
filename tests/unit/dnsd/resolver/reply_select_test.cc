// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kSoaText[] = "ns.example.com. admin.example.com. 1 1 1 1 ";

struct Case {
  const char* what;
  UpstreamMessage message;
  const char* verdict;                // as in Verdict()
  std::vector<std::string> expected;  // answer in order, then authority, then additional
};

std::string Verdict(const Reply& reply) {
  switch (reply.verdict) {
    case ReplyVerdict::kBad:
      return "bad";
    case ReplyVerdict::kLoop:
      return "loop";
    case ReplyVerdict::kChase:
      return "chase " + Dotted(reply.chase);
    case ReplyVerdict::kAnswer:
      return std::string(reply.answer->rcode == wire::Rcode::kNxDomain ? "nxdomain" : "answer") +
             (reply.answer->cacheable ? "" : " uncached");
    default:
      return "other";
  }
}

std::vector<std::string> Lines(const Answer& answer) {
  const test::Reply seen = SeeAll(answer);
  EXPECT_EQ(seen.problem, "");
  std::vector<std::string> out = seen.in_order;
  out.insert(out.end(), seen.authority.begin(), seen.authority.end());
  out.insert(out.end(), seen.additional.begin(), seen.additional.end());
  return out;
}

void Check(const std::vector<Case>& cases, const ReplyRules& rules = {}) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const Reply reply = Read(c.message, rules);
    EXPECT_EQ(Verdict(reply), c.verdict);
    EXPECT_EQ(reply.answer != nullptr ? Lines(*reply.answer) : std::vector<std::string>{}, c.expected);
  }
}

UpstreamMessage Www() { return {"www.example.com", "A"}; }

TEST(ReplySelectTest, OnlyWhatTheChainReachesIsKept) {
  Check({
      {"one record", Www().Answer("www.example.com 60 A 192.0.2.1"), "answer", {"www.example.com. 60 A 192.0.2.1"}},
      {"two, in their order",
       Www().Answer("www.example.com 60 A 192.0.2.2").Answer("www.example.com 60 A 192.0.2.1"),
       "answer",
       {"www.example.com. 60 A 192.0.2.2", "www.example.com. 60 A 192.0.2.1"}},
      {"a repeated record counts once",
       Www().Answer("www.example.com 60 A 192.0.2.1").Answer("WWW.example.com 60 A 192.0.2.1"),
       "answer",
       {"www.example.com. 60 A 192.0.2.1"}},
      {"F11 unrelated records",
       Www()
           .Answer("bank.example.net 60 A 192.0.2.66")
           .Answer("www.example.com 60 A 192.0.2.1")
           .Answer("www.example.com 60 TXT hello"),
       "answer",
       {"www.example.com. 60 A 192.0.2.1"}},
      {"F14, F15 other sections",
       Www()
           .Answer("www.example.com 60 A 192.0.2.1")
           .Authority("example.com 60 NS ns.example.com")
           .Authority("example.com 60 SOA 60")
           .Additional("ns.example.com 60 A 192.0.2.53"),
       "answer",
       {"www.example.com. 60 A 192.0.2.1"}},
      {"F13 another owner only", Www().Answer("web.example.com 60 A 192.0.2.1"), "bad", {}},
      {"F13 another type only", Www().Answer("www.example.com 60 AAAA 2001:db8::1"), "bad", {}},
      {"NXDOMAIN with the data", Www().Rcode(3).Answer("www.example.com 60 A 192.0.2.1"), "bad", {}},
  });
}

TEST(ReplySelectTest, ChainsAreWrittenInTheirOrder) {
  Check({
      {"F11 the other way round",
       Www()
           .Answer("c.example.net 60 A 192.0.2.1")
           .Answer("b.example.com 50 CNAME C.example.net")
           .Answer("www.example.com 40 CNAME b.example.com"),
       "answer",
       {"www.example.com. 40 CNAME b.example.com.", "b.example.com. 50 CNAME C.example.net.",
        "C.example.net. 60 A 192.0.2.1"}},
      {"F12 DNAME, with a CNAME that lies",
       Www()
           .Answer("www.example.com 60 CNAME evil.example.org")
           .Answer("example.com 30 DNAME example.net")
           .Answer("www.example.net 60 A 192.0.2.1"),
       "answer",
       {"example.com. 30 TYPE39 \\# 13 076578616d706c65036e657400", "www.example.com. 30 CNAME www.example.net.",
        "www.example.net. 60 A 192.0.2.1"}},
      {"a DNAME of the name itself leads nowhere", Www().Answer("www.example.com 30 DNAME example.net"), "bad", {}},
      {"CNAME without its end",
       Www().Answer("www.example.com 60 CNAME Web.example.net"),
       "chase web.example.net.",
       {"www.example.com. 60 CNAME Web.example.net."}},
      {"CNAME with a foreign SOA",
       Www().Answer("www.example.com 60 CNAME web.example.net").Authority("example.com 60 SOA 60"),
       "chase web.example.net.",
       {"www.example.com. 60 CNAME web.example.net."}},
      {"CNAME to nothing",
       Www().Answer("www.example.com 60 CNAME web.example.net").Authority("example.net 60 SOA 60"),
       "answer",
       {"www.example.com. 60 CNAME web.example.net.", std::string("example.net. 60 SOA ") + kSoaText + "60"}},
      {"CNAME to a name that is not there",
       Www().Rcode(3).Answer("www.example.com 60 CNAME web.example.net").Authority("example.net 60 SOA 60"),
       "nxdomain",
       {"www.example.com. 60 CNAME web.example.net.", std::string("example.net. 60 SOA ") + kSoaText + "60"}},
      {"asked for CNAME",
       UpstreamMessage("www.example.com", "CNAME").Answer("www.example.com 60 CNAME web.example.net"),
       "answer",
       {"www.example.com. 60 CNAME web.example.net."}},
      {"asked for CNAME, a DNAME came",
       UpstreamMessage("www.example.com", "CNAME").Answer("example.com 60 DNAME example.net"),
       "answer",
       {"example.com. 60 TYPE39 \\# 13 076578616d706c65036e657400", "www.example.com. 60 CNAME www.example.net."}},
      {"asked for ANY",
       UpstreamMessage("www.example.com", "ANY")
           .Answer("www.example.com 60 A 192.0.2.1")
           .Answer("web.example.com 60 A 192.0.2.2")
           .Answer("www.example.com 60 TXT x"),
       "answer",
       {"www.example.com. 60 A 192.0.2.1", "www.example.com. 60 TXT \"x\""}},
      {"CNAME to itself", Www().Answer("www.example.com 60 CNAME www.example.com"), "loop", {}},
      {"CNAMEs in a ring",
       Www().Answer("www.example.com 60 CNAME b.example.com").Answer("b.example.com 60 CNAME WWW.example.com"),
       "loop",
       {}},
  });
}

TEST(ReplySelectTest, ChainsHaveAtMost16Links) {
  const auto verdict = [](int links) {
    UpstreamMessage message("c0.example.com", "A");
    for (int i = 0; i < links; ++i) {
      message.Answer("c" + std::to_string(i) + ".example.com 60 CNAME c" + std::to_string(i + 1) + ".example.com");
    }
    return Verdict(Read(message.Answer("c" + std::to_string(links) + ".example.com 60 A 192.0.2.1")));
  };
  EXPECT_EQ(verdict(16), "answer");
  EXPECT_EQ(verdict(17), "loop");
}

TEST(ReplySelectTest, ADnameThatMakesTooLongANameIsBad) {
  const std::string label(60, 'x');
  const std::string name = label + "." + label + "." + label + ".example.com";
  UpstreamMessage message(name, "A");
  message.Answer("example.com 60 DNAME " + label + "." + label + ".example.net");
  EXPECT_EQ(Read(message).verdict, ReplyVerdict::kBad);
}

TEST(ReplySelectTest, NegativeAnswersLastAsLongAsTheirSoaSays) {
  const std::string base = std::string(" SOA ") + kSoaText;
  Check({
      {"NXDOMAIN, the TTL is less",
       Www().Rcode(3).Authority("example.com 30 SOA 60"),
       "nxdomain",
       {"example.com. 30" + base + "60"}},
      {"no data, MINIMUM is less",
       Www().Authority("example.com 60 SOA 30"),
       "answer",
       {"example.com. 30" + base + "30"}},
      {"capped", Www().Authority("example.com 86400 SOA 86400"), "answer", {"example.com. 900" + base + "86400"}},
      {"F17 top bit",
       Www().Authority("example.com 4294967295 SOA 60"),
       "answer uncached",
       {"example.com. 0" + base + "60"}},
      {"SOA at the name",
       Www().Authority("www.example.com 60 SOA 60"),
       "answer",
       {"www.example.com. 60" + base + "60"}},
      {"one SOA is enough",
       Www().Authority("example.com 60 SOA 60").Authority("com 60 SOA 60"),
       "answer",
       {"example.com. 60" + base + "60"}},
      {"NXDOMAIN without SOA", Www().Rcode(3), "nxdomain", {}},
      {"nothing at all", Www(), "answer", {}},
      {"F14 SOA of another zone", Www().Authority("example.net 60 SOA 60"), "answer", {}},
      {"F14 SOA below the name", Www().Rcode(3).Authority("a.www.example.com 60 SOA 60"), "nxdomain", {}},
      {"a referral",
       Www().Authority("example.com 60 NS ns.example.com").Additional("ns.example.com 60 A 192.0.2.53"),
       "bad",
       {}},
      {"no data with NS",
       Www().Authority("example.com 60 NS ns.example.com").Authority("example.com 60 SOA 60"),
       "answer",
       {"example.com. 60" + base + "60"}},
      {"NXDOMAIN with records of others", Www().Rcode(3).Answer("web.example.com 60 A 192.0.2.1"), "bad", {}},
  });
}

TEST(ReplySelectTest, AdditionalRecordsAreAddressesOfNamedHosts) {
  Check({
      {"F15 SRV",
       UpstreamMessage("_x._tcp.example.com", "SRV")
           .Answer("_x._tcp.example.com 60 SRV 1 2 80 Host.example.com")
           .Additional("host.example.com 50 A 192.0.2.1")
           .Additional("host.example.com 50 AAAA 2001:db8::1")
           .Additional("host.example.com 50 TXT no")
           .Additional("other.example.com 50 A 192.0.2.2"),
       "answer",
       {"_x._tcp.example.com. 60 SRV 1 2 80 Host.example.com.", "Host.example.com. 50 A 192.0.2.1",
        "Host.example.com. 50 AAAA 2001:db8::1"}},
      {"F15 MX",
       UpstreamMessage("example.com", "MX")
           .Answer("example.com 60 MX 10 mail.example.com")
           .Additional("mail.example.com 50 A 192.0.2.1"),
       "answer",
       {"example.com. 60 MX 10 mail.example.com.", "mail.example.com. 50 A 192.0.2.1"}},
      {"F15 HTTPS, whose target is itself",
       UpstreamMessage("example.com", "HTTPS")
           .Answer("example.com 60 HTTPS 1 .")
           .Additional("example.com 50 A 192.0.2.1"),
       "answer",
       {"example.com. 60 HTTPS \\# 3 000100", "example.com. 50 A 192.0.2.1"}},
      {"NS get none",
       UpstreamMessage("example.com", "NS")
           .Answer("example.com 60 NS ns.example.com")
           .Additional("ns.example.com 50 A 192.0.2.1"),
       "answer",
       {"example.com. 60 NS ns.example.com."}},
  });
}

TEST(ReplySelectTest, TtlsAreCappedAndEqual) {
  const ReplyRules narrow{.max_ttl = 3600, .min_ttl = 5};
  Check({
      {"F17 2^31 - 1",
       Www().Answer("www.example.com 2147483647 A 192.0.2.1"),
       "answer",
       {"www.example.com. 86400 A 192.0.2.1"}},
      {"F17 2^31",
       Www().Answer("www.example.com 2147483648 A 192.0.2.1"),
       "answer uncached",
       {"www.example.com. 0 A 192.0.2.1"}},
      {"F17 2^32 - 1",
       Www().Answer("www.example.com 4294967295 A 192.0.2.1"),
       "answer uncached",
       {"www.example.com. 0 A 192.0.2.1"}},
      {"TTL 0", Www().Answer("www.example.com 0 A 192.0.2.1"), "answer uncached", {"www.example.com. 0 A 192.0.2.1"}},
      {"F17 they differ",
       Www().Answer("www.example.com 60 A 192.0.2.1").Answer("www.example.com 20 A 192.0.2.2"),
       "answer",
       {"www.example.com. 20 A 192.0.2.1", "www.example.com. 20 A 192.0.2.2"}},
  });
  Check({{"both bounds",
          Www().Answer("www.example.com 7200 CNAME a.example.com").Answer("a.example.com 0 A 192.0.2.1"),
          "answer",
          {"www.example.com. 3600 CNAME a.example.com.", "a.example.com. 5 A 192.0.2.1"}}},
        narrow);
}

TEST(ReplySelectTest, AnAnswerLastsAsLongAsItsShortestRecord) {
  const auto answer =
      AnswerOf(Www().Answer("www.example.com 60 CNAME a.example.com").Answer("a.example.com 20 A 192.0.2.1"));
  EXPECT_EQ(answer->received_ms, kNow);
  EXPECT_EQ(answer->expires_ms, kNow + 20'000);
}

TEST(ReplySelectTest, ANegativeAnswerWithoutSoaLastsAMoment) {
  for (const int rcode : {0, 3}) EXPECT_EQ(AnswerOf(Www().Rcode(rcode))->expires_ms, kNow + 1000) << rcode;
}

TEST(ReplySelectTest, LargeAnswersAreForThoseWhoWaitOnly) {
  const auto with = [](int records) {
    UpstreamMessage message("big.example.com", "TXT");
    for (int i = 0; i < records; ++i) {
      message.Answer("big.example.com 60 TXT " + std::to_string(1000 + i) + std::string(200, 'x'));
    }
    return Verdict(Read(message));
  };
  EXPECT_EQ(with(60), "answer");
  EXPECT_EQ(with(90), "answer uncached");
}

ReplyRules Protected() { return {.rebind_protection = true, .rebind_allowed = {Ask("corp.example", "A").name}}; }

TEST(ReplySelectTest, PrivateAddressesAreTakenOut) {
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

TEST(ReplySelectTest, ABlockedAnswerSaysSoAndIsShort) {
  const auto answer = AnswerOf(Www().Answer("www.example.com 3600 A 127.0.0.1"), Protected());
  EXPECT_EQ(answer->ede, wire::Ede::kBlocked);
  EXPECT_EQ(answer->rcode, wire::Rcode::kNoError);
  EXPECT_EQ(answer->expires_ms, kNow + 30'000);
}

TEST(ReplySelectTest, ChainsIntoOurOwnZonesAreCut) {
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

TEST(ReplySelectTest, ChainsIntoAnotherRouteAreAskedForThere) {  // F67
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

TEST(ReplySelectTest, SignaturesComeToThoseWhoAskForThem) {
  const auto message = [](bool dnssec_ok) {
    return UpstreamMessage(Ask("www.example.com", "A", {.dnssec_ok = dnssec_ok}))
        .Answer("www.example.com 60 RRSIG A")
        .Answer("www.example.com 60 A 192.0.2.1")
        .Answer("www.example.com 60 RRSIG TXT")
        .Answer("web.example.com 60 RRSIG A");
  };
  const std::string signature = "www.example.com. 60 " + test::TypeName(46) +
                                " \\# 20 000100000000000000000000000000000000"
                                "00aa";
  EXPECT_THAT(Lines(*AnswerOf(message(false))), ElementsAre("www.example.com. 60 A 192.0.2.1"));
  EXPECT_THAT(Lines(*AnswerOf(message(true))), ElementsAre("www.example.com. 60 A 192.0.2.1", signature));
}

TEST(ReplySelectTest, ProofsStayWithTheSoa) {
  const auto message = [](bool dnssec_ok, const char* soa) {
    return UpstreamMessage(Ask("www.example.com", "A", {.dnssec_ok = dnssec_ok}))
        .Rcode(3)
        .Authority(soa)
        .Authority("example.com 60 RRSIG SOA")
        .Authority("example.com 600 NSEC 0000")
        .Authority("example.com 600 RRSIG NSEC")
        .Authority("example.net 600 NSEC 0000")
        .Authority("example.com 60 NS ns.example.com")
        .Authority("example.com 60 RRSIG NS");
  };
  const auto kept = Lines(*AnswerOf(message(true, "example.com 30 SOA 60")));
  EXPECT_EQ(kept.size(), 4u);
  for (const std::string& line : kept) EXPECT_THAT(line, ::testing::StartsWith("example.com. 30 "));
  EXPECT_EQ(Lines(*AnswerOf(message(false, "example.com 30 SOA 60"))).size(), 1u);
  EXPECT_THAT(Lines(*AnswerOf(message(true, "example.net 30 SOA 60"))), IsEmpty());
}

// RFC 4035 3.1.3.3. The signer's name in these RRSIGs is the root.
TEST(ReplySelectTest, ProofsStayWithAnswersFromAWildcard) {
  const auto message = [](bool dnssec_ok, const char* answers_signature) {
    return UpstreamMessage(Ask("www.example.com", "A", {.dnssec_ok = dnssec_ok}))
        .Answer("www.example.com 60 A 192.0.2.1")
        .Answer(answers_signature)
        .Authority("a.example.com 40 NSEC 0000")
        .Authority("a.example.com 50 RRSIG NSEC")
        .Authority("b.example.com 50 TYPE50 010000000001aa")
        .Authority("example.com 60 NS ns.example.com")
        .Authority("example.com 60 RRSIG NS");
  };
  const auto authority = [](const Answer& answer) {
    test::Lines lines = SeeAll(answer).authority;
    for (std::string& line : lines) line = line.substr(0, line.find(" \\#"));
    return lines;
  };
  const auto answer = AnswerOf(message(true, "www.example.com 60 RRSIG A"));
  EXPECT_THAT(authority(*answer),
              ElementsAre("a.example.com. 40 " + test::TypeName(47), "a.example.com. 50 " + test::TypeName(46),
                          "b.example.com. 50 " + test::TypeName(50)));
  EXPECT_EQ(SeeAll(*answer).in_order.size(), 2U);
  EXPECT_TRUE(answer->cacheable);
  EXPECT_EQ(answer->expires_ms, kNow + 40'000);
  EXPECT_THAT(authority(*AnswerOf(message(true, "www.example.com 60 RRSIG TXT"))), IsEmpty())
      << "the answer is not signed";
  EXPECT_THAT(authority(*AnswerOf(message(false, "www.example.com 60 RRSIG A"))), IsEmpty());
}

}  // namespace
}  // namespace signpost::resolver
