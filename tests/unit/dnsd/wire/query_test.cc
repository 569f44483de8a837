// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/query.h"

#include <gtest/gtest.h>

#include "tests/support/dns/question.h"

namespace signpost::wire {
namespace {

using test::Bytes;
using test::Hex;
using test::NameBytes;
using test::Question;

constexpr char kWeb[] = "web.service.consul";
// Owner "x.", A, IN, TTL 60, 192.0.2.9.
constexpr char kARecord[] = "0178 00 0001 0001 0000003c 0004 c0000209";
constexpr char kOpt[] = "00 0029 04d0 00000000 0000";
// Key "key.", algorithm "hmac-sha256.", a MAC of 32 bytes.
constexpr char kTsig[] =
    "036b6579 00 00fa 00ff 00000000 003d 0b 686d61632d736861323536 00 000065a0bc00 012c 0020 5a*32 0000 0000 0000";

Verdict Parse(const Bytes& packet, Query& query) { return ParseQuery(packet, query); }
Verdict Parse(const Question& question) {
  Query query;
  const Bytes packet = question.Packet();
  return ParseQuery(packet, query);
}

// 12 bytes of header with the four counts, then `rest`.
Bytes Message(int questions, int answers, int authority, int additional, std::string_view rest) {
  Bytes out = Hex("1234 0100");
  for (const int count : {questions, answers, authority, additional}) {
    out.push_back(static_cast<uint8_t>(count >> 8));
    out.push_back(static_cast<uint8_t>(count));
  }
  const Bytes more = Hex(rest);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

TEST(QueryTest, ReadsTheHeaderAndTheQuestion) {
  Query query;
  const Bytes packet = Question("wEb.Service.consul", "SRV").Id(0xbeef).Flags(0x0100).Class(255).Packet();
  ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
  EXPECT_EQ(query.id, 0xbeef);
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_EQ(query.name.ToString(), "web.service.consul.");
  EXPECT_EQ(query.type, type::kSrv);
  EXPECT_EQ(query.qclass, dns_class::kAny);
  EXPECT_FALSE(query.edns.present);
  EXPECT_EQ(Bytes(query.question.begin(), query.question.end()), Bytes(packet.begin() + 12, packet.end()));
}

TEST(QueryTest, IgnoresHeaderBitsThatMeanNothingInAQuery) {
  for (const int flags : {0x0400, 0x0200, 0x0080, 0x0040, 0x0020, 0x0010, 0x0005, 0x07ff}) {
    EXPECT_EQ(Parse(Question(kWeb, "A").Flags(static_cast<uint16_t>(flags))), Verdict::kQuery) << flags;
  }
}

TEST(QueryTest, NeverAnswersWhatMayBeAnAnswer) {
  EXPECT_EQ(Parse(Question(kWeb, "A").Flags(0x8000)), Verdict::kIsResponse);
  EXPECT_EQ(Parse(Question(kWeb, "A").Flags(0xf800)), Verdict::kIsResponse);
  Query query;
  EXPECT_EQ(Parse(Hex("1234 8183 ffff ffff ffff ffff 01"), query), Verdict::kIsResponse);
}

TEST(QueryTest, TellsOtherOpcodesByTheHeaderAlone) {
  for (uint16_t opcode = 1; opcode < 16; ++opcode) {
    Query query;
    const Bytes packet = Question(kWeb, "A").Flags(static_cast<uint16_t>(opcode << 11)).Packet();
    EXPECT_EQ(Parse(packet, query), Verdict::kNotQuery);
    EXPECT_EQ(query.opcode, opcode);
  }
  EXPECT_EQ(Parse(Question(kWeb, "A").Flags(0x7800).Counts(9, 9, 9, 9)), Verdict::kNotQuery);
}

TEST(QueryTest, NeedsAHeader) {
  Query query;
  for (size_t size = 0; size < kHeaderSize; ++size) EXPECT_EQ(Parse(Bytes(size), query), Verdict::kTooShort) << size;
}

struct Malformed {
  const char* what;
  Bytes packet;
  Verdict verdict = Verdict::kMalformed;
};

TEST(QueryTest, RefusesMalformedPackets) {
  const std::string web = "03776562 07736572766963 65 06636f6e73756c 00 0001 0001";
  const Malformed kCases[] = {
      {"W25 a question promised, none there", Message(1, 0, 0, 0, "")},
      {"W31 no question", Message(0, 0, 0, 0, "")},
      {"W32 no question, an OPT", Message(0, 0, 0, 1, kOpt), Verdict::kMalformedOpt},
      {"no question, a TSIG", Message(0, 0, 0, 1, kTsig)},
      {"no question, an OPT and a TSIG", Message(0, 0, 0, 2, std::string(kOpt) + kTsig), Verdict::kMalformedOpt},
      {"W34 two questions", Message(2, 0, 0, 0, web + web)},
      {"W35 65,535 questions", Message(65535, 0, 0, 0, web)},
      {"W63 the name is cut", Message(1, 0, 0, 0, "03 7765")},
      {"W64 no type", Message(1, 0, 0, 0, "0377656200")},
      {"W65 no class", Message(1, 0, 0, 0, "0377656200 0001 00")},
      {"W66 a pointer to itself", Message(1, 0, 0, 0, "c00c 0001 0001")},
      {"W67 a pointer into the header", Message(1, 0, 0, 0, "c000 0001 0001")},
      {"W68 a pointer forward", Message(1, 0, 0, 0, "c012 0001 0001 0377656200")},
      {"W69 a label of 64 bytes", Message(1, 0, 0, 0, "40 61*64 00 0001 0001")},
      {"W70 a label of type 01", Message(1, 0, 0, 0, "41 61*65 00 0001 0001")},
      {"W71 a label of type 10", Message(1, 0, 0, 0, "81 61 00 0001 0001")},
      {"W73 a name of 256 octets", Message(1, 0, 0, 0, "3f 61*63 3f 61*63 3f 61*63 3e 61*62 00 0001 0001")},
      {"W80 an additional record is missing", Question(kWeb, "A").Counts(-1, -1, -1, 1).Packet()},
      {"an answer is missing", Question(kWeb, "A").Counts(-1, 1, -1, -1).Packet()},
      {"a record is cut in its owner", Question(kWeb, "A").Counts(-1, -1, -1, 1).Tail("03 7765").Packet()},
      {"a record is cut in its head", Question(kWeb, "A").Counts(-1, -1, -1, 1).Tail("00 0001 0001 0000").Packet()},
      {"a record is cut in its data",
       Question(kWeb, "A").Counts(-1, -1, -1, 1).Tail("00 0001 0001 00000000 0004 0a00").Packet()},
      {"an owner's pointer is cut", Question(kWeb, "A").Counts(-1, -1, -1, 1).Tail("c0").Packet()},
      {"an owner's label is of an unknown type",
       Question(kWeb, "A").Record(3, "80 61 00 0001 0001 00000000 0000").Packet()},
      {"W84 the OPT ends behind the packet",
       Question(kWeb, "A").Counts(-1, -1, -1, 1).Tail("00 0029 04d0 00000000 0014").Packet()},
      {"W88 a record behind the TSIG", Question(kWeb, "A").Record(3, kTsig).Record(3, kARecord).Packet()},
      {"an OPT behind the TSIG", Question(kWeb, "A").Record(3, kTsig).Record(3, kOpt).Packet()},
      {"W105 two OPT", Question(kWeb, "A").Edns(1232).Record(3, kOpt).Packet()},
      {"W106 an OPT among the answers", Question(kWeb, "A").Record(1, kOpt).Packet()},
      {"W107 an OPT among the authorities", Question(kWeb, "A").Record(2, kOpt).Packet()},
      {"W108 an OPT of another owner", Question(kWeb, "A").Record(3, "0178 00 0029 04d0 00000000 0000").Packet()},
      {"W109 an option is cut in its head", Question(kWeb, "A").Record(3, "00 0029 04d0 00000000 0002 000a").Packet(),
       Verdict::kMalformedOpt},
      {"W110 an option is longer than the OPT",
       Question(kWeb, "A").Record(3, "00 0029 04d0 00000000 0008 000a 0009 01020304").Packet(), Verdict::kMalformedOpt},
      {"a TSIG whose key name is compressed", Question(kWeb, "A").Record(3, "c00c 00fa 00ff 00000000 0000").Packet()},
      {"a TSIG without an algorithm", Question(kWeb, "A").Record(3, "00 00fa 00ff 00000000 0000").Packet()},
      {"a TSIG that ends in its time", Question(kWeb, "A").Record(3, "00 00fa 00ff 00000000 0004 00 010203").Packet()},
  };
  for (const Malformed& c : kCases) {
    Query query;
    EXPECT_EQ(Parse(c.packet, query), c.verdict) << c.what;
    EXPECT_EQ(query.id, 0x1234) << c.what;
  }
}

TEST(QueryTest, KeepsTheOptOfAMalformedOptVerdict) {
  Query query;
  const Bytes packet = Message(0, 0, 0, 1, "00 0029 1000 00008000 0000");
  ASSERT_EQ(Parse(packet, query), Verdict::kMalformedOpt);
  EXPECT_TRUE(query.edns.present);
  EXPECT_TRUE(query.edns.dnssec_ok);
  EXPECT_EQ(query.edns.udp_size, 4096);
}

TEST(QueryTest, WorkIsBoundedByThePacket) {  // W81
  Query query;
  const Bytes packet = Question(kWeb, "A").Edns(1232).Counts(-1, 0, 0, 65535).Packet();
  EXPECT_EQ(Parse(packet, query), Verdict::kMalformed);
  EXPECT_EQ(Parse(Question(kWeb, "A").Counts(1, 65535, 65535, 65535)), Verdict::kMalformed);
}

TEST(QueryTest, ToleratesRecordsAndBytesThatItDoesNotNeed) {
  for (int section = 1; section <= 3; ++section) {  // W76-W78
    EXPECT_EQ(Parse(Question(kWeb, "A").Record(section, kARecord)), Verdict::kQuery) << section;
  }
  EXPECT_EQ(Parse(Question(kWeb, "A").Tail("00")), Verdict::kQuery);                // W82
  EXPECT_EQ(Parse(Question(kWeb, "A").Edns(512).Tail("ff*100")), Verdict::kQuery);  // W83
  // W87: SIG(0) owned by the root.
  EXPECT_EQ(Parse(Question(kWeb, "A").Record(3, "00 0018 00ff 00000000 0006 010203040506")), Verdict::kQuery);
  // A compressed owner is skipped, not followed.
  EXPECT_EQ(Parse(Question(kWeb, "A").Record(3, "c00c 0001 0001 00000000 0000")), Verdict::kQuery);
}

TEST(QueryTest, FindsTheOptBehindOtherRecords) {  // W79
  Query query;
  const Bytes packet = Question(kWeb, "A").Record(3, kARecord).Record(3, "00 0029 0500 00000000 0000").Packet();
  ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
  EXPECT_TRUE(query.edns.present);
  EXPECT_EQ(query.edns.udp_size, 1280);
}

TEST(QueryTest, ReadsTheOpt) {
  Query query;
  Bytes packet = Question(kWeb, "A").Edns(4096).DnssecOk().EdnsVersion(3).Packet();
  ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
  EXPECT_EQ(query.edns.version, 3);
  EXPECT_TRUE(query.edns.dnssec_ok);
  EXPECT_FALSE(query.edns.tcp_keepalive);
  packet = Question(kWeb, "A").Record(3, "00 0029 0000 ff007fff 0000").Packet();  // W94, W102
  ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
  EXPECT_FALSE(query.edns.dnssec_ok);
  EXPECT_EQ(query.edns.version, 0);
  EXPECT_EQ(query.edns.udp_size, 0);
}

TEST(QueryTest, ReadsOptions) {
  Query query;
  Bytes packet = Question(kWeb, "A").Option(10, "0102030405060708").Option(11).Option(65001, "ff").Packet();
  ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
  EXPECT_TRUE(query.edns.tcp_keepalive);
  Question many(kWeb, "A");
  for (uint16_t i = 0; i < 50; ++i) many.Option(static_cast<uint16_t>(65001 + i), "00");  // W104
  packet = many.Packet();
  ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
  EXPECT_FALSE(query.edns.tcp_keepalive);
}

std::string HexOf(std::span<const uint8_t> bytes) {
  std::string out;
  for (const uint8_t byte : bytes) {
    for (const int digit : {byte >> 4, byte & 15}) out += "0123456789abcdef"[digit];
  }
  return out;
}

TEST(QueryTest, ReadsCheckingDisabled) {
  Query query;
  for (const uint16_t flags : {uint16_t{0x0010}, uint16_t{0xffef & 0x07ff}, uint16_t{0x0110}}) {
    const Bytes packet = Question(kWeb, "A").Flags(flags).Packet();
    ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
    EXPECT_EQ(query.checking_disabled, (flags & 0x10) != 0) << flags;
  }
}

TEST(QueryTest, HandsOutTheCookie) {
  const struct {
    const char* what;
    std::string cookie;
    Verdict verdict = Verdict::kQuery;
  } kCases[] = {
      {"W113 the client's part", "0102030405060708"},
      {"with the smallest server's part", "0102030405060708 a1*8"},
      {"W115 with one of ours", "0102030405060708 a1*16"},
      {"with the largest server's part", "0102030405060708 a1*32"},
      {"nothing", "", Verdict::kMalformedOpt},
      {"W116 4 bytes", "01020304", Verdict::kMalformedOpt},
      {"7 bytes", "01*7", Verdict::kMalformedOpt},
      {"9 bytes", "01*9", Verdict::kMalformedOpt},
      {"W116 12 bytes", "01*12", Verdict::kMalformedOpt},
      {"15 bytes", "01*15", Verdict::kMalformedOpt},
      {"W116 41 bytes", "01*41", Verdict::kMalformedOpt},
  };
  for (const auto& c : kCases) {
    Query query;
    const Bytes packet = Question(kWeb, "A").Option(10, c.cookie).Option(3).Packet();
    ASSERT_EQ(Parse(packet, query), c.verdict) << c.what;
    EXPECT_TRUE(query.edns.present) << c.what;
    EXPECT_EQ(HexOf(query.edns.cookie), c.verdict == Verdict::kQuery ? HexOf(Hex(c.cookie)) : "") << c.what;
  }
}

TEST(QueryTest, IgnoredCookiesMayHoldAnything) {  // RFC 6891 6.1.2
  for (const char* cookie : {"0102030405060708", "", "01*9", "01*41"}) {
    Query query;
    const Bytes packet = Question(kWeb, "A").Option(10, cookie).Option(3).Packet();
    ASSERT_EQ(ParseQuery(packet, query, Cookies::kIgnored), Verdict::kQuery) << cookie;
    EXPECT_TRUE(query.edns.cookie.empty()) << cookie;
    EXPECT_TRUE(query.edns.nsid) << "what follows is read";
  }
  Query query;
  const Bytes alone = Message(0, 0, 0, 1, "00 0029 1000 00008000 000c 000a 0008 0102030405060708");
  EXPECT_EQ(ParseQuery(alone, query, Cookies::kIgnored), Verdict::kMalformedOpt) << "there is no question";
  const Bytes cut = Message(0, 0, 0, 1, "00 0029 04d0 00000000 0008 000a 0009 01020304");
  EXPECT_EQ(ParseQuery(cut, query, Cookies::kIgnored), Verdict::kMalformedOpt);
}

TEST(QueryTest, OnlyTheFirstCookieCounts) {  // W117
  Query query;
  for (const char* second : {"a1*8", "a1*24", "a1*12", ""}) {
    const Bytes packet = Question(kWeb, "A").Option(10, "0102030405060708").Option(10, second).Packet();
    ASSERT_EQ(Parse(packet, query), Verdict::kQuery) << second;
    EXPECT_EQ(HexOf(query.edns.cookie), "0102030405060708") << second;
  }
  EXPECT_EQ(Parse(Question(kWeb, "A").Option(10, "01").Option(10, "0102030405060708")), Verdict::kMalformedOpt);
}

TEST(QueryTest, ACookieNeedsNoQuestion) {  // W33
  Query query;
  const Bytes packet = Message(0, 0, 0, 1, "00 0029 1000 00008000 000c 000a 0008 0102030405060708");
  ASSERT_EQ(Parse(packet, query), Verdict::kCookieOnly);
  EXPECT_EQ(HexOf(query.edns.cookie), "0102030405060708");
  EXPECT_TRUE(query.question.empty());
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_EQ(query.edns.udp_size, 4096);
  const std::string with_bad = "00 0029 04d0 00000000 000b 000a 0007 01020304050607";
  EXPECT_EQ(Parse(Message(0, 0, 0, 1, with_bad), query), Verdict::kMalformedOpt);
  const std::string with_tsig = std::string("00 0029 04d0 00000000 000c 000a 0008 0102030405060708") + kTsig;
  EXPECT_EQ(Parse(Message(0, 0, 0, 2, with_tsig), query), Verdict::kMalformedOpt);
}

TEST(QueryTest, SeesTheWishForAnIdentity) {  // W111, W112
  for (const char* data : {"", "616263"}) {
    Query query;
    const Bytes packet = Question(kWeb, "A").Option(3, data).Packet();
    ASSERT_EQ(Parse(packet, query), Verdict::kQuery);
    EXPECT_TRUE(query.edns.nsid);
  }
}

TEST(QueryTest, ReadsTheMarkOfAForwarder) {
  const struct {
    const char* data;
    const char* hop;
  } kCases[] = {{"0102030405060708", "0102030405060708"}, {"01020304050607", ""}, {"010203040506070809", ""}, {"", ""}};
  for (const auto& c : kCases) {
    Query query;
    const Bytes packet = Question(kWeb, "A").Option(edns_option::kHop, c.data).Packet();
    ASSERT_EQ(Parse(packet, query), Verdict::kQuery) << c.data;
    EXPECT_EQ(HexOf(query.edns.hop), c.hop) << c.data;
  }
}

TEST(QueryTest, HandsOutThePartsOfATsig) {  // W86
  Query query;
  const Bytes packet = Question(kWeb, "A").Edns(1232).Record(3, kTsig).Packet();
  ASSERT_EQ(Parse(packet, query), Verdict::kSigned);
  EXPECT_EQ(Bytes(query.tsig.key_name.begin(), query.tsig.key_name.end()), NameBytes("key"));
  EXPECT_EQ(Bytes(query.tsig.algorithm.begin(), query.tsig.algorithm.end()), NameBytes("hmac-sha256"));
  EXPECT_EQ(Bytes(query.tsig.time_and_fudge.begin(), query.tsig.time_and_fudge.end()), Hex("000065a0bc00 012c"));
  EXPECT_TRUE(query.edns.present);
}

TEST(QueryTest, ATsigElsewhereIsJustARecord) {
  EXPECT_EQ(Parse(Question(kWeb, "A").Record(1, kTsig)), Verdict::kQuery);
}

TEST(QueryTest, NothingOfAnEarlierQueryStays) {
  Query query;
  const Bytes with = Question(kWeb, "SRV").Flags(0x10).Option(3).Option(10, "01*8").Option(65313, "01*8").Packet();
  const Bytes without = Message(0, 0, 0, 0, "");
  ASSERT_EQ(Parse(with, query), Verdict::kQuery);
  ASSERT_EQ(Parse(without, query), Verdict::kMalformed);
  EXPECT_FALSE(query.edns.present);
  EXPECT_FALSE(query.edns.nsid);
  EXPECT_TRUE(query.edns.cookie.empty());
  EXPECT_TRUE(query.edns.hop.empty());
  EXPECT_FALSE(query.checking_disabled);
  EXPECT_TRUE(query.question.empty());
}

}  // namespace
}  // namespace signpost::wire
