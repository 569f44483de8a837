// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/response_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>

#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"

namespace signpost::wire {
namespace {

using test::Bytes;
using test::Decode;
using test::NameBytes;
using test::Question;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint8_t kV4[] = {192, 0, 2, 7};
constexpr uint8_t kV6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

// A writer with the query that it answers; the buffer behind the limit must stay as it is.
struct Desk {
  explicit Desk(const Question& question, size_t size_limit = 512, const OptContent& opt = {})
      : packet(question.Packet()), limit(size_limit) {
    EXPECT_EQ(ParseQuery(packet, query), Verdict::kQuery);
    writer.emplace(buffer, limit, query, opt);
  }
  Reply Finish(const FinishOptions& options = {}) {
    const size_t size = writer->Finish(options);
    return Decode(std::span(buffer).first(size), limit);
  }

  Bytes packet;
  size_t limit;
  Query query;
  Bytes buffer = Bytes(65535, 0xee);
  std::optional<ResponseWriter> writer;
};

TEST(ResponseWriterTest, EchoesTheQuestionAsSent) {
  Desk desk(Question("wEb.Service.CONSUL", "SRV").Id(0xabcd).Flags(0x0100).Class(255));
  const Reply reply = desk.Finish({.rcode = Rcode::kNxDomain, .authoritative = true});
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.id, 0xabcd);
  EXPECT_EQ(reply.flags, "aa rd");
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_EQ(reply.question, "wEb.Service.CONSUL. SRV CLASS255");
  EXPECT_FALSE(reply.has_opt);
}

TEST(ResponseWriterTest, HeaderBitsFollowTheOptions) {
  Desk desk(Question("a.", "A").Flags(0x07ff));
  EXPECT_EQ(desk.Finish({.truncated = true}).flags, "tc rd");
  Desk quiet(Question("a.", "A").Flags(0x0030));
  EXPECT_EQ(quiet.Finish().flags, "");
}

TEST(ResponseWriterTest, AddressesAreOwnedByTheQuestion) {
  Desk desk(Question("Web.consul", "ANY"));
  EXPECT_TRUE(desk.writer->AddA(5, kV4));
  EXPECT_TRUE(desk.writer->AddAaaa(6, kV6));
  EXPECT_EQ(desk.writer->count(Section::kAnswer), 2);
  EXPECT_THAT(desk.Finish().answer, ElementsAre("Web.consul. 5 A 192.0.2.7", "Web.consul. 6 AAAA 2001:db8::1"));
}

TEST(ResponseWriterTest, FillsTheLimitToTheByte) {
  // 12 header + 16 question + 16 record.
  for (const size_t limit : {43U, 44U}) {
    Desk desk(Question("web.consul", "A"), limit);
    EXPECT_EQ(desk.writer->AddA(0, kV4), limit == 44);
    EXPECT_EQ(desk.Finish().answer.size(), limit == 44 ? 1U : 0U);
  }
  for (const size_t limit : {55U, 56U}) {
    Desk desk(Question("web.consul", "AAAA"), limit);
    EXPECT_EQ(desk.writer->AddAaaa(0, kV6), limit == 56);
  }
}

TEST(ResponseWriterTest, TheLimitCountsTheOpt) {
  for (const size_t limit : {54U, 55U}) {
    Desk desk(Question("web.consul", "A").Edns(1232), limit);
    EXPECT_EQ(desk.writer->AddA(0, kV4), limit == 55);
    const Reply reply = desk.Finish();
    EXPECT_EQ(reply.problem, "");
    EXPECT_EQ(reply.bytes.size(), limit == 55 ? 55U : 39U);
  }
}

TEST(ResponseWriterTest, TheBufferLimitsToo) {
  const Bytes packet = Question("web.consul", "A").Packet();
  Query query;
  ASSERT_EQ(ParseQuery(packet, query), Verdict::kQuery);
  Bytes small(512);
  ResponseWriter writer(small, 65535, query);
  EXPECT_EQ(writer.room(), 512U - 28U);
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

TEST(ResponseWriterTest, TellsThatItRecursesAndDoesNotCheck) {
  Desk desk(Question("a.", "A").Flags(0x0110));
  EXPECT_EQ(desk.Finish({.recursion_available = true, .checking_disabled = true}).flags, "rd ra cd");
  Desk one(Question("a.", "A"));
  EXPECT_EQ(one.Finish({.recursion_available = true}).flags, "ra");
}

const Bytes kCookie = test::Hex("0102030405060708 a1*16");
constexpr char kCookieOption[] = "000a00180102030405060708a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

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

TEST(ResponseWriterTest, TakesRenderedRecords) {
  // Two addresses of the question's name.
  const Bytes rendered = test::Hex("c00c 0001 0001 0000003c 0004 c0000207 c00c 0001 0001 0000003c 0004 c0000208");
  for (const size_t limit : {59U, 60U}) {
    Desk desk(Question("web.consul", "A"), limit);
    const size_t at = desk.writer->size();
    ASSERT_EQ(desk.writer->AddRendered(Section::kAnswer, rendered, 2), limit == 60);
    EXPECT_EQ(desk.writer->count(Section::kAnswer), limit == 60 ? 2 : 0);
    EXPECT_EQ(desk.writer->size(), limit == 60 ? 60U : 28U);
    if (limit == 60) StoreU32(desk.writer->At(at + 6), 7);
    const Reply reply = desk.Finish();
    EXPECT_EQ(reply.problem, "");
    if (limit == 60) {
      EXPECT_THAT(reply.in_order, ElementsAre("web.consul. 7 A 192.0.2.7", "web.consul. 60 A 192.0.2.8"));
    } else {
      EXPECT_THAT(reply.answer, IsEmpty());
    }
  }
}

TEST(ResponseWriterTest, RenderedRecordsGoIntoTheirSection) {
  const Bytes rendered = test::Hex("c00c 0002 0001 00000001 0002 c00c");
  Desk desk(Question("web.consul", "A"));
  EXPECT_TRUE(desk.writer->AddRendered(Section::kAnswer, {}, 0));
  const auto mark = desk.writer->Here();
  EXPECT_TRUE(desk.writer->AddRendered(Section::kAnswer, rendered, 1));
  desk.writer->RollBack(mark);
  EXPECT_TRUE(desk.writer->AddRendered(Section::kAuthority, rendered, 1));
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.authority, ElementsAre("web.consul. 1 NS web.consul."));
}

TEST(ResponseWriterTest, CompressesNamesAgainstEarlierOnes) {
  Desk desk(Question("web.service.consul", "NS"));
  desk.writer->BeginRecord(Section::kAnswer, NameBytes("service.consul"), type::kNs, 1);
  desk.writer->PutCompressedName(NameBytes("n1.node.consul"));
  EXPECT_TRUE(desk.writer->EndRecord());
  desk.writer->BeginRecord(Section::kAdditional, NameBytes("n1.node.consul"), type::kA, 1);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, ElementsAre("service.consul. 1 NS n1.node.consul."));
  EXPECT_THAT(reply.additional, ElementsAre("n1.node.consul. 1 A 192.0.2.7"));
  // 36 with the question; owner 2, head 10, "n1" "node" and a pointer; owner 2, head 10, address.
  EXPECT_EQ(reply.bytes.size(), 36U + (2 + 10 + 3 + 5 + 2) + (2 + 10 + 4));
}

TEST(ResponseWriterTest, CompressionKeepsTheLetterCaseOfData) {  // W140
  Desk desk(Question("WEB.SERVICE.CONSUL", "CNAME"));
  desk.writer->BeginRecordAt(Section::kAnswer, 0, type::kCname, 1);
  desk.writer->PutCompressedName(NameBytes("Db.service.consul"));
  EXPECT_TRUE(desk.writer->EndRecord());
  EXPECT_THAT(desk.Finish().answer, ElementsAre("WEB.SERVICE.CONSUL. 1 CNAME Db.service.consul."));
}

TEST(ResponseWriterTest, PlainNamesServeLaterOwners) {
  Desk desk(Question("web.service.consul", "SRV"));
  desk.writer->BeginRecordAt(Section::kAnswer, 0, type::kSrv, 0);
  for (const int v : {1, 1, 80}) desk.writer->PutU16(static_cast<uint16_t>(v));
  const size_t target = desk.writer->PutPlainName(NameBytes("n1.node.dc1.consul"));
  EXPECT_TRUE(desk.writer->EndRecord());
  desk.writer->BeginRecordAt(Section::kAdditional, target, type::kA, 0);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, ElementsAre("web.service.consul. 0 SRV 1 1 80 n1.node.dc1.consul."));
  EXPECT_THAT(reply.additional, ElementsAre("n1.node.dc1.consul. 0 A 192.0.2.7"));
  EXPECT_EQ(reply.bytes.size(), 36U + (2 + 10 + 6 + 20) + 16);
}

TEST(ResponseWriterTest, ARecordThatDoesNotFitLeavesNoTrace) {
  Desk desk(Question("web.consul", "TXT"), 60);
  desk.writer->BeginRecord(Section::kAnswer, NameBytes("other.consul"), type::kTxt, 0);
  desk.writer->PutU8(40);
  desk.writer->PutBytes(Bytes(40, 'x'));
  EXPECT_FALSE(desk.writer->EndRecord());
  EXPECT_EQ(desk.writer->size(), 28U);
  EXPECT_TRUE(desk.writer->AddA(0, kV4));
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, ElementsAre("web.consul. 0 A 192.0.2.7"));
}

TEST(ResponseWriterTest, RollsBackToAMark) {
  Desk desk(Question("web.consul", "A"));
  const auto mark = desk.writer->Here();
  desk.writer->AddA(0, kV4);
  desk.writer->BeginRecord(Section::kAuthority, NameBytes("zone.test"), type::kNs, 0);
  desk.writer->PutCompressedName(NameBytes("ns.zone.test"));
  desk.writer->EndRecord();
  desk.writer->RollBack(mark);
  // "zone.test" is gone: it must not be pointed to.
  desk.writer->BeginRecord(Section::kAdditional, NameBytes("zone.test"), type::kA, 0);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.authority, IsEmpty());
  EXPECT_THAT(reply.additional, ElementsAre("zone.test. 0 A 192.0.2.7"));
}

TEST(ResponseWriterTest, PointersStayBelow16Kilobytes) {  // W139
  Desk desk(Question("web.service.consul", "SRV"), 65535);
  size_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    desk.writer->BeginRecordAt(Section::kAnswer, 0, type::kSrv, 0);
    for (const int v : {1, 1, i}) desk.writer->PutU16(static_cast<uint16_t>(v));
    last = desk.writer->PutPlainName(NameBytes("node" + std::to_string(i) + ".node.dc1.consul"));
    ASSERT_TRUE(desk.writer->EndRecord());
  }
  ASSERT_GT(last, kMaxPointer);
  desk.writer->BeginRecordAt(Section::kAdditional, last, type::kA, 0);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  desk.writer->BeginRecord(Section::kAdditional, NameBytes("node999.node.dc1.consul"), type::kTxt, 0);
  desk.writer->PutBytes(Bytes{1, 'x'});
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.answer.size(), 1000U);
  EXPECT_THAT(reply.additional,
              ElementsAre("node999.node.dc1.consul. 0 A 192.0.2.7", "node999.node.dc1.consul. 0 TXT \"x\""));
}

// Key name and algorithm of the given lengths, as an unsigned client would send them.
Question Signed(size_t key_labels, size_t algorithm_labels) {
  const auto name = [](size_t labels) {
    std::string hex;
    for (size_t i = 0; i < labels; ++i) hex += "3f 61*63 ";
    return hex + "00";
  };
  char length[8];
  std::snprintf(length, sizeof length, "%04x", static_cast<unsigned>(64 * algorithm_labels + 1 + 16));
  Question question("web.consul", "A");
  question.Record(3, name(key_labels) + " 00fa 00ff 00000000 " + length + " " + name(algorithm_labels) +
                         " 000065a0bc00 012c 0000 0000 0000 0000");
  return question;
}

Reply BadKey(const Question& question, size_t limit) {
  const Bytes packet = question.Packet();
  Query query;
  EXPECT_EQ(ParseQuery(packet, query), Verdict::kSigned);
  Bytes buffer(4096);
  ResponseWriter writer(buffer, limit, query);
  const size_t size = writer.FinishBadKey(query.tsig);
  return Decode(std::span(buffer).first(size), limit);
}

TEST(ResponseWriterTest, AnswersAnUnknownKeyWithItsName) {  // RFC 8945 5.3.2
  const Reply reply = BadKey(Signed(1, 1), 512);
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.rcode, "NOTAUTH");
  EXPECT_EQ(reply.tsig, std::string(63, 'a') + ". " + std::string(63, 'a') + ". error 17");
  EXPECT_EQ(reply.question, "web.consul. A");
}

TEST(ResponseWriterTest, AnUnknownKeyBehindAnOpt) {
  const Reply reply = BadKey(Signed(1, 1).Edns(1232), 1232);
  EXPECT_EQ(reply.problem, "");
  EXPECT_TRUE(reply.has_opt);
  EXPECT_NE(reply.tsig, "");
}

TEST(ResponseWriterTest, AKeyNameTooLongForTheLimitIsLeftOut) {
  const Reply reply = BadKey(Signed(3, 3).Edns(512), 400);
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.rcode, "NOTAUTH");
  EXPECT_EQ(reply.tsig, "");
}

TEST(ResponseWriterTest, HeaderOnlyRepliesEchoIdOpcodeAndRd) {
  Bytes buffer(512, 0xee);
  Query query;
  query.id = 0x4711;
  query.recursion_desired = true;
  Reply reply = Decode(std::span(buffer).first(WriteHeaderOnly(buffer, query, Rcode::kFormErr)), 12);
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.id, 0x4711);
  EXPECT_EQ(reply.flags, "rd");
  EXPECT_EQ(reply.rcode, "FORMERR");
  query.opcode = 5;
  reply = Decode(std::span(buffer).first(WriteHeaderOnly(buffer, query, Rcode::kNotImp)), 12);
  EXPECT_EQ(reply.opcode, 5);
  EXPECT_EQ(reply.flags, "");
  EXPECT_EQ(reply.rcode, "NOTIMP");
}

TEST(ResponseWriterTest, AFormErrRepeatsAnOptThatWasRead) {
  Bytes buffer(512);
  Query query;
  query.edns.present = true;
  const Reply reply = Decode(std::span(buffer).first(WriteHeaderOnly(buffer, query, Rcode::kFormErr)), 23);
  EXPECT_EQ(reply.problem, "");
  EXPECT_TRUE(reply.has_opt);
}

}  // namespace
}  // namespace signpost::wire
