// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;

std::string Hexed(std::span<const uint8_t> bytes) {
  std::string out;
  char digits[4];
  for (const uint8_t byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", unsigned{byte});
    out += digits;
  }
  return out;
}

TEST(ReplyBodyTest, OwnersPointAtTheQuestionWhateverTheirCase) {
  const auto answer = AnswerOf(UpstreamMessage("www.example.com", "A").Answer("WWW.Example.com 60 A 192.0.2.1"));
  EXPECT_EQ(Hexed(answer->body), "c00c000100010000003c0004c0000201");
}

// W137: the names in RDATA of RFC 1035 types are compressed.
TEST(ReplyBodyTest, NamesInWellKnownDataAreCompressed) {
  const auto cname =
      AnswerOf(UpstreamMessage("www.example.com", "CNAME").Answer("www.example.com 60 CNAME a.example.com"));
  EXPECT_EQ(Hexed(cname->body),
            "c00c000500010000003c0004"
            "0161c010");
  const auto mx = AnswerOf(UpstreamMessage("example.com", "MX").Answer("example.com 60 MX 10 a.example.com"));
  EXPECT_EQ(Hexed(mx->body),
            "c00c000f00010000003c0006"
            "000a0161c00c");
  const auto soa = AnswerOf(UpstreamMessage("a.example.com", "A").Authority("example.com 60 SOA 60"));
  EXPECT_EQ(Hexed(std::span(soa->body).first(24)),
            "c00e000600010000003c0021"
            "026e73c00e0561646d696ec0");
}

// W138.
TEST(ReplyBodyTest, NamesInOtherDataAreWhole) {
  const auto srv = AnswerOf(UpstreamMessage("example.com", "SRV")
                                .Answer("example.com 60 SRV 1 2 3 a.example.com")
                                .Additional("a.example.com 60 A 192.0.2.1"));
  EXPECT_EQ(Hexed(srv->body),
            "c00c002100010000003c0015"
            "000100020003"
            "0161076578616d706c6503636f6d00"
            "c02f"
            "000100010000003c0004c0000201");
  const auto https = AnswerOf(UpstreamMessage("example.com", "HTTPS").Answer("example.com 60 HTTPS 1 a.example.com"));
  EXPECT_EQ(Hexed(https->body),
            "c00c004100010000003c0011"
            "0001"
            "0161076578616d706c6503636f6d00");
}

// W140: what differs in case only is not replaced in data.
TEST(ReplyBodyTest, LetterCaseOfDataIsKept) {
  const auto answer =
      AnswerOf(UpstreamMessage("www.example.com", "CNAME").Answer("www.example.com 60 CNAME a.Example.com"));
  EXPECT_EQ(Hexed(std::span(answer->body).subspan(12)),
            "0161"
            "074578616d706c65"
            "c018");
  EXPECT_THAT(SeeAll(*answer).answer, ElementsAre("www.example.com. 60 CNAME a.Example.com."));
}

// An upstream that compresses where it must not is understood, and not imitated.
TEST(ReplyBodyTest, CompressedSrvTargetsAreWrittenOut) {
  const auto answer =
      AnswerOf(UpstreamMessage("example.com", "SRV").Hex(0, "c00c 0021 0001 0000003c 0008 0001 0002 0003 c00c"));
  EXPECT_THAT(SeeAll(*answer).answer, ElementsAre("example.com. 60 SRV 1 2 3 example.com."));
}

// W139.
TEST(ReplyBodyTest, NothingPointsBeyond16Kilobytes) {
  UpstreamMessage message("example.com", "NS");
  const std::string padding(50, 'x');
  for (int i = 0; i < 600; ++i) {
    message.Answer("example.com 60 NS n" + std::to_string(1000 + i) + "." + padding + std::to_string(1000 + i) +
                   ".net");
  }
  const auto answer = AnswerOf(message);
  EXPECT_GT(answer->body.size(), 0x4000u + 1000);
  const test::Reply seen = SeeAll(*answer);
  EXPECT_EQ(seen.problem, "");
  EXPECT_EQ(seen.answer.size(), 600u);
}

TEST(ReplyBodyTest, OpaqueDataOf60KilobytesPassUnchanged) {
  UpstreamMessage message("example.com", "TYPE700");
  const auto answer = AnswerOf(message.Hex(0, "c00c 02bc 0001 0000003c ea60 ab*60000"));
  EXPECT_FALSE(answer->cacheable);
  const test::Reply seen = SeeAll(*answer);
  EXPECT_FALSE(seen.truncated());
  ASSERT_EQ(seen.answer.size(), 1u);
  EXPECT_EQ(seen.answer[0].size(), std::string("example.com. 60 TYPE700 \\# 60000 ").size() + 120'000);
}

}  // namespace
}  // namespace signpost::resolver
