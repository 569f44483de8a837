// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

UpstreamMessage Www() { return {"www.example.com", "A"}; }
UpstreamMessage Good() { return Www().Answer("www.example.com 60 A 192.0.2.1"); }

struct Case {
  const char* what;
  Bytes packet;
  ReplyVerdict verdict;
  bool with_edns = true;
  bool over_tcp = false;
};

void Check(const std::vector<Case>& cases) {
  const Question question = Ask("www.example.com", "A");
  for (const Case& c : cases) {
    const SentQuestion sent{.question = question, .id = kId, .with_edns = c.with_edns, .over_tcp = c.over_tcp};
    const Reply reply = ReadReply(c.packet, sent, {}, kNow);
    EXPECT_EQ(reply.verdict, c.verdict) << c.what;
    EXPECT_EQ(reply.answer != nullptr, c.verdict == ReplyVerdict::kAnswer || c.verdict == ReplyVerdict::kChase)
        << c.what;
  }
}

Bytes Cut(Bytes packet, size_t size) {
  packet.resize(size);
  return packet;
}

TEST(ReplyTest, WhatIsNoAnswerToTheQuestionIsIgnored) {
  using enum ReplyVerdict;
  Check({
      {"a good answer", Good().Packet(), kAnswer},
      {"F02 nothing", {}, kIgnore},
      {"F02 under 12 bytes", Cut(Good().Packet(), 11), kIgnore},
      {"F02 QR=0", Good().Flags(0x0180).Packet(), kIgnore},
      {"F02 opcode NOTIFY", Good().Flags(0xa180).Packet(), kIgnore},
      {"F03 another id", Good().Id(kId + 1).Packet(), kIgnore},
      {"F04 another name", UpstreamMessage("www.example.org", "A").Packet(), kIgnore},
      {"F04 a longer name", UpstreamMessage("a.www.example.com", "A").Packet(), kIgnore},
      {"F04 another type", UpstreamMessage("www.example.com", "AAAA").Packet(), kIgnore},
      {"F04 another class", Good().Class(3).Packet(), kIgnore},
      {"F04 a cut question", Cut(Good().Packet(), 20), kIgnore},
      {"F04 no question", Www().NoQuestion().Packet(), kIgnore},
      {"F04 no question, REFUSED", Www().NoQuestion().Rcode(5).Packet(), kIgnore},
      {"F04 header only, FORMERR", Www().NoQuestion().Rcode(1).Packet(), kNoEdns},
      {"F04 header only, NOTIMP", Www().NoQuestion().Rcode(4).Packet(), kNoEdns},
      {"F04 header only, SERVFAIL", Www().NoQuestion().Rcode(2).Packet(), kServFail},
  });
}

TEST(ReplyTest, TheQuestionsLetterCaseDoesNotMatter) {
  Bytes packet = Good().Packet();
  packet[13] = 'W';
  Check({{"other case", packet, ReplyVerdict::kAnswer}});
}

// A reply with question `replied` to one that was sent as www.eXamplE.com.
struct CaseSeen {
  CaseSeen(std::string_view replied, bool keeps_case, const UpstreamMessage& message = Good())
      : packet(message.Packet()) {
    const std::string name = WireName(replied);
    std::ranges::copy(name, packet.begin() + 12);
    reply =
        ReadReply(packet, {.question = question, .id = kId, .spelling = spelling, .keeps_case = keeps_case}, {}, kNow);
  }
  const Question question = Ask("www.example.com", "A");
  const std::string spelling = WireName("www.eXamplE.com");
  Bytes packet;
  Reply reply;
};

TEST(ReplyTest, TheLettersThatWereSentMustComeBack) {  // F04 with 0x20
  using enum ReplyVerdict;
  struct Row {
    const char* replied;
    bool keeps_case;
    ReplyVerdict verdict;
    bool kept;
  };
  constexpr Row kRows[] = {
      {"www.eXamplE.com", true, kAnswer, true},     {"www.example.com", true, kOtherCase, false},
      {"www.eXamplE.coM", true, kOtherCase, false}, {"WWW.EXAMPLE.COM", true, kOtherCase, false},
      {"www.eXamplF.com", true, kIgnore, false},    {"www.eXamplE.com", false, kAnswer, true},
      {"www.example.com", false, kAnswer, false},   {"WWW.EXAMPLE.COM", false, kAnswer, false},
  };
  for (const Row& row : kRows) {
    const CaseSeen seen(row.replied, row.keeps_case);
    EXPECT_EQ(seen.reply.verdict, row.verdict) << row.replied << " " << row.keeps_case;
    EXPECT_EQ(seen.reply.kept_case, row.kept) << row.replied << " " << row.keeps_case;
    EXPECT_EQ(seen.reply.answer != nullptr, row.verdict == kAnswer) << row.replied;
  }
}

TEST(ReplyTest, OtherLettersAreNoVerdictAboutTheRest) {
  using enum ReplyVerdict;
  EXPECT_EQ(CaseSeen("www.example.com", true, Good().Id(kId + 1)).reply.verdict, kIgnore);
  EXPECT_EQ(CaseSeen("www.example.com", true, Good().Flags(0x8380)).reply.verdict, kOtherCase) << "TC";
  EXPECT_EQ(CaseSeen("www.example.com", true, Www().Rcode(2)).reply.verdict, kOtherCase) << "SERVFAIL";
}

TEST(ReplyTest, AHeaderAloneShowsNoLetters) {
  using enum ReplyVerdict;
  struct Row {
    int rcode;
    bool keeps_case;
    ReplyVerdict verdict;
  };
  constexpr Row kRows[] = {{1, true, kNoQuestion}, {2, true, kNoQuestion}, {4, true, kNoQuestion}, {5, true, kIgnore},
                           {1, false, kNoEdns},    {2, false, kServFail},  {4, false, kNoEdns},    {5, false, kIgnore}};
  const Question question = Ask("www.example.com", "A");
  const std::string spelling = WireName("wWw.example.com");
  for (const Row& row : kRows) {
    const SentQuestion sent{.question = question, .id = kId, .spelling = spelling, .keeps_case = row.keeps_case};
    const Reply reply = ReadReply(Www().NoQuestion().Rcode(row.rcode).Packet(), sent, {}, kNow);
    EXPECT_EQ(reply.verdict, row.verdict) << row.rcode << " " << row.keeps_case;
    EXPECT_FALSE(reply.kept_case);
  }
}

TEST(ReplyTest, NoUpperLetterProvesNothing) {
  const Question question = Ask("www.example.com", "A");
  const Reply reply =
      ReadReply(Good().Packet(), {.question = question, .id = kId, .spelling = question.name}, {}, kNow);
  EXPECT_EQ(reply.verdict, ReplyVerdict::kAnswer);
  EXPECT_FALSE(reply.kept_case);
}

TEST(ReplyTest, AnswersDoNotShowTheLettersThatWereSent) {
  // CNAME to "a" below the question's own parent, by a pointer; then that one's address.
  UpstreamMessage message = Www();
  message.Hex(0, "c00c 0005 0001 0000003c 0004 0161 c010").Hex(0, "c02d 0001 0001 0000003c 0004 c0000201");
  for (const bool keeps_case : {true, false}) {
    const CaseSeen seen("www.eXamplE.com", keeps_case, message);
    ASSERT_EQ(seen.reply.verdict, ReplyVerdict::kAnswer);
    EXPECT_EQ(Joined(SeeAll(*seen.reply.answer).in_order),
              "www.example.com. 60 CNAME a.example.com.\na.example.com. 60 A 192.0.2.1");
    EXPECT_EQ(seen.reply.answer->question, seen.question) << "the cache is folded";
  }
}

// The option in replies to a question whose cookie began with 01 to 08.
constexpr const char* kOurs = "000a 0010 0102030405060708 c1c2c3c4c5c6c7c8";
constexpr const char* kOther = "000a 0010 0102030405060709 c1c2c3c4c5c6c7c8";
constexpr const char* kOursAlone = "000a 0008 0102030405060708";

TEST(ReplyTest, TheCookieMustBeOurs) {  // F05
  using enum ReplyVerdict;
  enum class Sent : unsigned char { kNone, kCookie, kExpected };
  struct Row {
    const char* what;
    UpstreamMessage message;
    Sent sent;
    bool over_tcp;
    ReplyVerdict verdict;
    bool shown = false;
  };
  const auto with = [](const char* options) { return Good().Opt(0, 0, options); };
  const auto bad = [](const char* options) { return Www().Rcode(7).Opt(1, 0, options); };
  const std::string both = std::string(kOther) + kOurs;
  const Row rows[] = {
      {"none sent, none there", Good().Opt(), Sent::kNone, false, kAnswer},
      {"none sent, one there", with(kOther), Sent::kNone, false, kAnswer},
      {"ours", with(kOurs), Sent::kCookie, false, kAnswer, true},
      {"ours, expected", with(kOurs), Sent::kExpected, false, kAnswer, true},
      {"ours over TCP", with(kOurs), Sent::kExpected, true, kAnswer, true},
      {"another", with(kOther), Sent::kCookie, false, kNoCookie},
      {"another, expected", with(kOther), Sent::kExpected, false, kNoCookie},
      {"another over TCP", with(kOther), Sent::kCookie, true, kAnswer},
      {"another over TCP, expected", with(kOther), Sent::kExpected, true, kAnswer},
      {"BADCOOKIE with another", bad(kOther), Sent::kCookie, false, kNoCookie},
      {"BADCOOKIE with another over TCP", bad(kOther), Sent::kCookie, true, kBad},
      {"another first", with(both.c_str()), Sent::kCookie, false, kNoCookie},
      {"none, none expected", Good().Opt(), Sent::kCookie, false, kAnswer},
      {"none", Good().Opt(), Sent::kExpected, false, kNoCookie},
      {"none over TCP", Good().Opt(), Sent::kExpected, true, kAnswer},
      {"no OPT", Good(), Sent::kExpected, false, kNoCookie},
      {"malformed, none expected", with(kOursAlone), Sent::kCookie, false, kAnswer},
      {"malformed", with(kOursAlone), Sent::kExpected, false, kNoCookie},
      {"a header", Www().NoQuestion().Rcode(1), Sent::kExpected, false, kNoCookie},
      {"a header over TCP", Www().NoQuestion().Rcode(1), Sent::kExpected, true, kNoEdns},
      {"TC without", Good().Flags(0x8380).Opt(), Sent::kExpected, false, kNoCookie},
      {"TC", with(kOurs).Flags(0x8380), Sent::kExpected, false, kTruncated, true},
      {"SERVFAIL without", Www().Rcode(2).Opt(), Sent::kExpected, false, kNoCookie},
      {"BADCOOKIE", bad(kOurs), Sent::kCookie, false, kBadCookie, true},
      {"BADCOOKIE over TCP", bad(kOurs), Sent::kCookie, true, kBad, true},
      {"BADCOOKIE without", bad(""), Sent::kCookie, false, kBad},
      {"BADCOOKIE to none", bad(kOurs), Sent::kNone, false, kBad},
      {"another id", with(kOurs).Id(kId + 1), Sent::kExpected, false, kIgnore},
  };
  const Cookie cookie = Cookie::OfReply(test::Hex("0102030405060708 d1d2d3d4d5d6d7d8"));
  for (const Row& row : rows) {
    const SentQuestion sent{.question = row.message.question(),
                            .id = kId,
                            .over_tcp = row.over_tcp,
                            .cookie = row.sent == Sent::kNone ? Cookie() : cookie,
                            .cookie_expected = row.sent == Sent::kExpected};
    const Reply reply = ReadReply(row.message.Packet(), sent, {}, kNow);
    EXPECT_EQ(reply.verdict, row.verdict) << row.what;
    EXPECT_EQ(reply.cookie.has_server(), row.shown) << row.what;
  }
}

TEST(ReplyTest, TwoQuestionsAreNoAnswer) {
  Bytes packet = Good().Packet();
  packet[5] = 2;
  Check({{"two", packet, ReplyVerdict::kIgnore}});
}

TEST(ReplyTest, RcodesSayWhoIsAskedNext) {
  using enum ReplyVerdict;
  Check({
      {"F06 TC", Good().Flags(0x8380).Packet(), kTruncated},
      {"F06 TC and cut", Cut(Good().Flags(0x8380).Packet(), 40), kTruncated},
      {"F06 TC over TCP", Good().Flags(0x8380).Packet(), kBad, true, true},
      {"F07 FORMERR", Www().Rcode(1).Packet(), kNoEdns},
      {"F07 FORMERR to a plain query", Www().Rcode(1).Packet(), kBad, false},
      {"F07 NOTIMP", Www().Rcode(4).Packet(), kNoEdns},
      {"F07 NOTIMP to a plain query", Www().Rcode(4).Packet(), kBad, false},
      {"F07 BADVERS", Www().Opt(1).Packet(), kNoEdns},
      {"F07 BADVERS with another version", Www().Opt(1, 1).Packet(), kNoEdns},
      {"F07 BADVERS to a plain query", Www().Opt(1).Packet(), kBad, false},
      {"F07 SERVFAIL", Www().Rcode(2).Packet(), kServFail},
      {"F07 SERVFAIL with broken records", Www().Rcode(2).Count(0, 3).Packet(), kServFail},
      {"F07 REFUSED", Www().Rcode(5).Packet(), kRefused},
      {"F07 NOTAUTH", Www().Rcode(9).Packet(), kBad},
      {"F07 YXDOMAIN", Www().Rcode(6).Packet(), kBad},
      {"F07 BADCOOKIE", Www().Rcode(7).Opt(1).Packet(), kBad},
      {"F07 an rcode beyond 8 bits", Www().Opt(0x10).Packet(), kBad},
  });
}

TEST(ReplyTest, LargeDatagramsAreAskedForOverTcp) {
  // The question has 33 bytes with its header, each answer 16.
  const auto of_size = [](size_t size) {
    UpstreamMessage message = Www();
    while (message.Packet().size() + 16 <= size) message.Hex(0, "c00c 0001 0001 0000003c 0004 c0000201");
    Bytes packet = message.Packet();
    packet.resize(size);
    return packet;
  };
  Check({
      {"F26 4,096 bytes", of_size(4096), ReplyVerdict::kAnswer},
      {"F26 4,097 bytes", of_size(4097), ReplyVerdict::kTruncated},
      {"F26 4,097 bytes over TCP", of_size(4097), ReplyVerdict::kAnswer, true, true},
  });
}

TEST(ReplyTest, MessagesThatDoNotParseAreBad) {
  using enum ReplyVerdict;
  const std::string head = "c00c 0001 0001 0000003c ";
  Check({
      {"F08 RDLENGTH past the end", Www().Hex(0, head + "0005 c0000201").Packet(), kBad},
      {"F08 fewer records than counted", Good().Count(0, 2).Packet(), kBad},
      {"F08 a cut record", Cut(Good().Packet(), 50), kBad},
      {"F08 A of 3 bytes", Www().Hex(0, head + "0003 c00002").Packet(), kBad},
      {"F08 A of 5 bytes", Www().Hex(0, head + "0005 c000020100").Packet(), kBad},
      {"F08 AAAA of 4 bytes", Good().Hex(2, "c00c 001c 0001 0000003c 0004 c0000201").Packet(), kBad},
      {"F08 pointer to itself", Www().Hex(0, "c021 0001 0001 0000003c 0004 c0000201").Packet(), kBad},
      {"F08 pointer forward", Www().Hex(0, "c040 0001 0001 0000003c 0004 c0000201").Packet(), kBad},
      {"F08 pointer into the header", Www().Hex(0, "c005 0001 0001 0000003c 0004 c0000201").Packet(), kBad},
      {"F08 loop in RDATA", Good().Hex(1, "c00c 0002 0001 0000003c 0004 0161 c04c").Packet(), kBad},
      {"F08 unknown label type", Www().Hex(0, "4061 0001 0001 0000003c 0004 c0000201").Packet(), kBad},
      {"F08 CNAME with a rest", Www().Hex(0, "c00c 0005 0001 0000003c 0003 c00c00").Packet(), kBad},
      {"F08 SOA without numbers", Www().Hex(1, "c010 0006 0001 0000003c 0004 c00cc00c").Packet(), kBad},
      {"F08 TXT past its end", Good().Hex(2, "c00c 0010 0001 0000003c 0003 056162").Packet(), kBad},
      {"F08 pointer in an SVCB target", Good().Hex(2, "c00c 0040 0001 0000003c 0004 0001c00c").Packet(), kBad},
      {"F09 class CH", Www().Hex(0, "c00c 0001 0003 0000003c 0004 c0000201").Packet(), kBad},
      {"F09 class CH in the additional section", Good().Hex(2, "c00c 0001 0003 0000003c 0004 c0000201").Packet(), kBad},
      {"F10 two OPT", Good().Opt().Opt().Packet(), kBad},
      {"F10 OPT of another owner", Good().Hex(2, "c00c 0029 04d0 00000000 0000").Packet(), kBad},
      {"F10 OPT in the answer section", Good().Hex(0, "00 0029 04d0 00000000 0000").Packet(), kBad},
      {"F10 OPT cut in an option", Good().Opt(0, 0, "000f 0004 0001").Packet(), kBad},
      {"F10 OPT cut", Cut(Good().Opt(0, 0, "000f 0002 0001").Packet(), Good().Packet().size() + 13), kBad},
      {"a TSIG that nobody asked for", Good().Hex(2, "00 00fa 0001 00000000 0000").Packet(), kBad},
      {"trailing bytes are cut", Good().Tail("0102030405").Packet(), kAnswer},
  });
}

TEST(ReplyTest, NamesHaveAtMost127Pointers) {
  // Opaque RDATA holds a chain of pointers, each to the one before; an owner points at the last.
  const auto verdict = [](int hops) {
    UpstreamMessage message = Good();
    const size_t at = message.Packet().size();
    char text[64];
    std::string chain = "00";
    for (int i = 1; i < hops; ++i) {
      const size_t target = i == 1 ? at + 11 : at + 12 + 2 * (static_cast<size_t>(i) - 2);
      std::snprintf(text, sizeof text, "%04zx", 0xc000 | target);
      chain += text;
    }
    std::snprintf(text, sizeof text, "00 fe00 0001 0000003c %04zx", chain.size() / 2);
    message.Hex(2, text + chain);
    std::snprintf(text, sizeof text, "%04zx 0001 0001 0000003c 0004 c0000201", 0xc000 | (at + 9 + chain.size() / 2));
    return Read(message.Hex(2, text)).verdict;
  };
  EXPECT_EQ(verdict(127), ReplyVerdict::kAnswer);
  EXPECT_EQ(verdict(128), ReplyVerdict::kBad);
}

TEST(ReplyTest, MessagesHaveAtMost1000Records) {
  const auto with = [](int records) {
    UpstreamMessage message = Good();
    for (int i = 1; i < records; ++i) message.Hex(1, "00 0002 0001 0000003c 0001 00");
    return Read(message).verdict;
  };
  EXPECT_EQ(with(1000), ReplyVerdict::kAnswer);
  EXPECT_EQ(with(1001), ReplyVerdict::kBad);
}

TEST(ReplyTest, WhatUnpacksBeyondAMessageIsBad) {
  // 900 SRV records whose targets, a pointer each, are 250 bytes long.
  UpstreamMessage message("_x._tcp.example.com", "SRV");
  const std::string label(61, 'a');
  const std::string host = label + "." + label + "." + label + "." + label;
  message.Answer("_x._tcp.example.com 60 SRV 1 1 1 " + host);
  const size_t target = message.Packet().size() - 249;
  char text[80];
  for (int i = 1; i < 900; ++i) {
    std::snprintf(text, sizeof text, "c00c 0021 0001 0000003c 0008 %04x 0001 0001 %04zx", i, 0xc000 | target);
    message.Hex(0, text);
  }
  EXPECT_EQ(Read(message).verdict, ReplyVerdict::kBad);
}

TEST(ReplyTest, EdnsOfTheReplyIsNoticed) {
  EXPECT_FALSE(Read(Good()).had_edns);
  EXPECT_TRUE(Read(Good().Opt()).had_edns);
  EXPECT_FALSE(Read(Good().Opt(0, 1)).had_edns) << "F10: another version is no EDNS";
  EXPECT_EQ(Read(Good().Opt(0, 1)).verdict, ReplyVerdict::kAnswer);
}

TEST(ReplyTest, ExtendedErrorsArePassedOn) {
  const std::string network = "000f 0005 0017 646f77";
  const Reply failed = Read(Www().Rcode(2).Opt(0, 0, network));
  EXPECT_EQ(failed.verdict, ReplyVerdict::kServFail);
  EXPECT_EQ(failed.ede, wire::Ede::kNetworkError);
  EXPECT_EQ(failed.ede_text, "dow");
  EXPECT_EQ(Read(Www().Rcode(5).Opt(0, 0, network)).ede_text, "dow");
  const auto answer = AnswerOf(Good().Opt(0, 0, network));
  EXPECT_EQ(answer->ede, wire::Ede::kNetworkError);
  EXPECT_EQ(answer->ede_text, "dow");
}

TEST(ReplyTest, TheTextOfAnExtendedErrorIsTrimmed) {
  EXPECT_EQ(Read(Www().Rcode(2).Opt(0, 0, "000f 0006 0000 61 07 7f 00")).ede_text, "a");
  EXPECT_EQ(Read(Www().Rcode(2).Opt(0, 0, "000f 0048 0000 61*70")).ede_text, std::string(64, 'a'));
  // A two-byte character across the limit goes as a whole.
  EXPECT_EQ(Read(Www().Rcode(2).Opt(0, 0, "000f 0043 0000 61*63 c3 a4")).ede_text, std::string(63, 'a'));
}

}  // namespace
}  // namespace signpost::resolver
