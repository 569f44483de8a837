// Signpost. Apache-2.0; see LICENSE.
// Signatures, and the proofs that stand beside the answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dnsd/resolver/select_cases.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReplySelectSignaturesTest, SignaturesComeToThoseWhoAskForThem) {
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

TEST(ReplySelectSignaturesTest, ProofsStayWithTheSoa) {
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
TEST(ReplySelectSignaturesTest, ProofsStayWithAnswersFromAWildcard) {
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
