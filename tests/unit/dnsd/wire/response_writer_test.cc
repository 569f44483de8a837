// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/response_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <span>
#include <string>

#include "tests/unit/dnsd/wire/response_desk.h"

namespace signpost::wire {
namespace {

using ::testing::ElementsAre;

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

TEST(ResponseWriterTest, TheBufferLimitsToo) {
  const Bytes packet = Question("web.consul", "A").Packet();
  Query query;
  ASSERT_EQ(ParseQuery(packet, query), Verdict::kQuery);
  Bytes small(512);
  ResponseWriter writer(small, 65535, query);
  EXPECT_EQ(writer.room(), 512U - 28U);
}

TEST(ResponseWriterTest, TellsThatItRecursesAndDoesNotCheck) {
  Desk desk(Question("a.", "A").Flags(0x0110));
  EXPECT_EQ(desk.Finish({.recursion_available = true, .checking_disabled = true}).flags, "rd ra cd");
  Desk one(Question("a.", "A"));
  EXPECT_EQ(one.Finish({.recursion_available = true}).flags, "ra");
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
