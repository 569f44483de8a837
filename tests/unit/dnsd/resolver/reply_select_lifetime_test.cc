// Signpost. Apache-2.0; see LICENSE.
// How long what was selected may be kept.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dnsd/resolver/select_cases.h"

namespace signpost::resolver {
namespace {

TEST(ReplySelectLifetimeTest, NegativeAnswersLastAsLongAsTheirSoaSays) {
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

TEST(ReplySelectLifetimeTest, TtlsAreCappedAndEqual) {
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

TEST(ReplySelectLifetimeTest, AnAnswerLastsAsLongAsItsShortestRecord) {
  const auto answer =
      AnswerOf(Www().Answer("www.example.com 60 CNAME a.example.com").Answer("a.example.com 20 A 192.0.2.1"));
  EXPECT_EQ(answer->received_ms, kNow);
  EXPECT_EQ(answer->expires_ms, kNow + 20'000);
}

TEST(ReplySelectLifetimeTest, ANegativeAnswerWithoutSoaLastsAMoment) {
  for (const int rcode : {0, 3}) EXPECT_EQ(AnswerOf(Www().Rcode(rcode))->expires_ms, kNow + 1000) << rcode;
}

TEST(ReplySelectLifetimeTest, LargeAnswersAreForThoseWhoWaitOnly) {
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

}  // namespace
}  // namespace signpost::resolver
