// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_select.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dnsd/resolver/select_cases.h"

namespace signpost::resolver {
namespace {

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

}  // namespace
}  // namespace signpost::resolver
