// Signpost. Apache-2.0; see LICENSE.
// The OPT record and its options: who gets them, and what they leave of the room.
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "dnsd/wire/response_writer.h"
#include "tests/unit/dnsd/wire/response_desk.h"

namespace signpost::wire {
namespace {

const Bytes kCookie = test::Hex("0102030405060708 a1*16");
constexpr char kCookieOption[] = "000a00180102030405060708a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

TEST(ResponseWriterTest, TheLimitCountsTheOpt) {
  for (const size_t limit : {54U, 55U}) {
    Desk desk(Question("web.consul", "A").Edns(1232), limit);
    EXPECT_EQ(desk.writer->AddA(0, kV4), limit == 55);
    const Reply reply = desk.Finish();
    EXPECT_EQ(reply.problem, "");
    EXPECT_EQ(reply.bytes.size(), limit == 55 ? 55U : 39U);
  }
}

TEST(ResponseWriterTest, WritesAnOptOnlyToThoseWhoSentOne) {
  Desk desk(Question("a.", "A").Edns(4096).DnssecOk().Option(100, "0102"));
  const Reply reply = desk.Finish();
  EXPECT_TRUE(reply.has_opt);
  EXPECT_EQ(reply.udp_size, 1232);
  EXPECT_EQ(reply.opt_ttl, 0x8000U);
  EXPECT_EQ(reply.opt_data, "");
}

TEST(ResponseWriterTest, ExtendedRcodesUseTheOpt) {
  Desk desk(Question("a.", "A").EdnsVersion(1));
  const Reply reply = desk.Finish({.rcode = Rcode::kBadVers});
  EXPECT_EQ(reply.rcode, "BADVERS");
  EXPECT_EQ(reply.bytes[3] & 0xf, 0);
  EXPECT_EQ(reply.opt_ttl, 0x01000000U);
}

TEST(ResponseWriterTest, TellsTheIdleTimeoutToThoseWhoAsk) {
  Desk asked(Question("a.", "A").Option(11));
  EXPECT_EQ(asked.Finish({.keepalive_tenths = 100}).opt_data, "000b00020064");
  Desk silent(Question("a.", "A").Edns(1232));
  EXPECT_EQ(silent.Finish({.keepalive_tenths = 100}).opt_data, "");
  Desk udp(Question("a.", "A").Option(11));
  EXPECT_EQ(udp.Finish().opt_data, "");
}

TEST(ResponseWriterTest, TheLimitCountsTheIdleTimeout) {
  Desk desk(Question("web.consul", "A").Option(11), 61);
  EXPECT_TRUE(desk.writer->AddA(0, kV4));
  EXPECT_EQ(desk.Finish({.keepalive_tenths = 1}).bytes.size(), 61U);
  Desk tight(Question("web.consul", "A").Option(11), 60);
  EXPECT_FALSE(tight.writer->AddA(0, kV4));
}

TEST(ResponseWriterTest, CarriesCookieAndIdentity) {  // W111, W113
  const Question question = Question("a.", "A").Option(10, "0102030405060708").Option(3);
  Desk both(question, 512, {.cookie = kCookie, .nsid = "ns1"});
  EXPECT_EQ(both.Finish().opt_data, std::string(kCookieOption) + "000300036e7331");
  Desk cookie(question, 512, {.cookie = kCookie});
  EXPECT_EQ(cookie.Finish().opt_data, kCookieOption);
  Desk none(question);
  EXPECT_EQ(none.Finish().opt_data, "");
  Desk plain(Question("a.", "A"), 512, {.cookie = kCookie, .nsid = "ns1"});
  EXPECT_FALSE(plain.Finish().has_opt);
}

TEST(ResponseWriterTest, CookieAndIdentityComeBeforeRecords) {  // W118
  // 12 header, 16 question, 11 OPT, 28 cookie, 7 identity, 16 record.
  for (const size_t limit : {89U, 90U}) {
    Desk desk(Question("web.consul", "A").Edns(1232), limit, {.cookie = kCookie, .nsid = "ns1"});
    EXPECT_EQ(desk.writer->AddA(0, kV4), limit == 90);
    const Reply reply = desk.Finish();
    EXPECT_EQ(reply.problem, "");
    EXPECT_EQ(reply.opt_data, std::string(kCookieOption) + "000300036e7331");
    EXPECT_EQ(reply.bytes.size(), limit == 90 ? 90U : 74U);
  }
}

TEST(ResponseWriterTest, AnIdentityLongerThanTheReplyIsLeftOut) {
  const std::string identity(600, 'x');
  Desk desk(Question("web.consul", "A").Edns(512), 512, {.cookie = kCookie, .nsid = identity});
  EXPECT_TRUE(desk.writer->AddA(0, kV4));
  const Reply reply = desk.Finish();
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.opt_data, kCookieOption);
  // 512 less 12 header, 16 question, 11 OPT, 4 option.
  for (const size_t size : {469U, 470U}) {
    Desk edge(Question("web.consul", "A").Edns(512), 512, {.nsid = std::string_view(identity).substr(0, size)});
    EXPECT_EQ(edge.Finish().bytes.size(), size == 469 ? 512U : 39U) << size;
  }
}

TEST(ResponseWriterTest, ExplainsItself) {
  const FinishOptions why{.rcode = Rcode::kRefused, .ede = Ede::kProhibited, .ede_text = "no"};
  Desk desk(Question("a.", "A").Edns(1232));
  EXPECT_EQ(desk.Finish(why).opt_data, "000f000400126e6f");
  Desk wordless(Question("a.", "A").Edns(1232));
  EXPECT_EQ(wordless.Finish({.ede = Ede::kOther}).opt_data, "000f00020000");
  Desk plain(Question("a.", "A"));
  EXPECT_FALSE(plain.Finish(why).has_opt);
  Desk all(Question("a.", "A").Option(11), 512, {.cookie = kCookie});
  EXPECT_EQ(all.Finish({.keepalive_tenths = 1, .ede = Ede::kOther}).opt_data,
            "000b00020001" + std::string(kCookieOption) + "000f00020000");
}

TEST(ResponseWriterTest, AnExplanationCostsNoRecord) {
  const struct {
    size_t limit;
    const char* data;
  } kCases[] = {
      {55, ""},  // the record just fits
      {60, ""},
      {61, "000f00020003"},  // the code
      {65, "000f00020003"},
      {66, "000f000700037374616c65"},  // the text
  };
  for (const auto& c : kCases) {
    Desk desk(Question("web.consul", "A").Edns(1232), c.limit);
    EXPECT_TRUE(desk.writer->AddA(0, kV4)) << c.limit;
    const Reply reply = desk.Finish({.ede = Ede::kStaleAnswer, .ede_text = "stale"});
    EXPECT_EQ(reply.problem, "") << c.limit;
    EXPECT_EQ(reply.opt_data, c.data) << c.limit;
    EXPECT_EQ(reply.answer.size(), 1U) << c.limit;
  }
}

TEST(ResponseWriterTest, AnExplanationMayHaveThePlaceOfAnIdleTimeoutThatIsNotTold) {
  Desk desk(Question("web.consul", "A").Option(11), 61);
  EXPECT_TRUE(desk.writer->AddA(0, kV4));
  EXPECT_EQ(desk.Finish({.ede = Ede::kStaleAnswer}).opt_data, "000f00020003");
  Desk told(Question("web.consul", "A").Option(11), 61);
  EXPECT_TRUE(told.writer->AddA(0, kV4));
  EXPECT_EQ(told.Finish({.keepalive_tenths = 1, .ede = Ede::kStaleAnswer}).opt_data, "000b00020001");
}

TEST(ResponseWriterTest, AnswersACookieWithoutAQuestion) {  // W33
  const Bytes packet = test::Hex("1234 0000 0000 0000 0000 0001 00 0029 04d0 00000000 000c 000a 0008 0102030405060708");
  Query query;
  ASSERT_EQ(ParseQuery(packet, query), Verdict::kCookieOnly);
  Bytes buffer(512, 0xee);
  ResponseWriter writer(buffer, 512, query, {.cookie = kCookie});
  const Reply reply = Decode(std::span(buffer).first(writer.Finish({})), 512);
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.question, "");
  EXPECT_EQ(reply.opt_data, kCookieOption);
}

}  // namespace
}  // namespace signpost::wire
