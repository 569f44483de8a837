// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/dns/allocation_count.h"
#include "tests/support/dns/record_text.h"
#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

using test::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<Answer> Addresses(int count, const char* name = "www.example.com", uint32_t ttl = 60) {
  UpstreamMessage message(name, "A");
  for (int i = 0; i < count; ++i) {
    message.Answer(std::string(name) + " " + std::to_string(ttl) + " A 192.0.2." + std::to_string(i));
  }
  return AnswerOf(message);
}

test::Question Www() { return {"www.example.com", "A"}; }

// The last number of each address, in order.
std::vector<std::string> Hosts(const Reply& reply) {
  std::vector<std::string> out;
  for (const std::string& line : reply.in_order) {
    if (line.find(" A ") != std::string::npos) out.push_back(line.substr(line.rfind('.') + 1));
  }
  return out;
}

TEST(AnswerTest, WhatNeedsTcpIsTruncated) {
  for (const bool truncated : {false, true}) {
    const auto failure =
        MakeFailure(Ask("www.example.com", "A"), wire::Ede::kNetworkError, "refused", kNow, 1000, truncated);
    Desk desk(Www()), chain(Www());
    EXPECT_EQ(WriteAnswer(*failure, Age::kFresh, kNow, 0, *desk.writer).truncated, truncated);
    EXPECT_EQ(AppendToChain(*failure, Age::kFresh, kNow, *chain.writer).truncated, truncated);
  }
}

TEST(AnswerTest, TtlsCountDown) {
  struct Case {
    const char* what;
    uint32_t ttl;
    int64_t after_ms;
    Age age;
    uint32_t seen;
  };
  for (const Case& c : std::vector<Case>{
           {"at once", 10, 0, Age::kFresh, 10},
           {"F58 at +3 s", 10, 3000, Age::kFresh, 7},
           {"rounded up", 10, 1, Age::kFresh, 10},
           {"rounded up later", 10, 3001, Age::kFresh, 7},
           {"never 0 before its end", 10, 9999, Age::kFresh, 1},
           {"0 at its end", 10, 10000, Age::kFresh, 0},
           {"0 long after", 10, 100000, Age::kFresh, 0},
           {"never above the original", 10, -5000, Age::kFresh, 10},
           {"0 stays 0", 0, 0, Age::kFresh, 0},
           {"stale", 10, 100000, Age::kStale, 30},
       }) {
    const auto answer = Addresses(2, "www.example.com", c.ttl);
    const uint64_t now = kNow + static_cast<uint64_t>(c.after_ms);
    const std::string head = "www.example.com. " + std::to_string(c.seen) + " A 192.0.2.";
    EXPECT_THAT(See(*answer, Www(), {c.age, now}).in_order, ElementsAre(head + "0", head + "1")) << c.what;
    EXPECT_THAT(See(*answer, Www(), {c.age, now, 1}).in_order, ElementsAre(head + "1", head + "0")) << c.what;
  }
}

TEST(AnswerTest, EachRecordHasItsOwnTtl) {
  const auto answer = AnswerOf(
      UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 CNAME a.b").Answer("a.b 20 A 1.2.3.4"));
  EXPECT_THAT(See(*answer, Www(), {.now_ms = kNow + 5000}).in_order,
              ElementsAre("www.example.com. 55 CNAME a.b.", "a.b. 15 A 1.2.3.4"));
}

TEST(AnswerTest, TheLastAddressesTurn) {
  const auto answer = AnswerOf(UpstreamMessage("www.example.com", "A")
                                   .Answer("www.example.com 60 CNAME a.b")
                                   .Answer("a.b 60 A 192.0.2.0")
                                   .Answer("a.b 60 A 192.0.2.1")
                                   .Answer("a.b 60 A 192.0.2.2"));
  EXPECT_EQ(answer->rotate_first, 1);
  EXPECT_EQ(answer->rotate_count, 3);
  const auto turned = [&](uint32_t by) { return Hosts(See(*answer, Www(), {.rotation = by})); };
  EXPECT_THAT(turned(0), ElementsAre("0", "1", "2"));
  EXPECT_THAT(turned(1), ElementsAre("1", "2", "0"));
  EXPECT_THAT(turned(5), ElementsAre("2", "0", "1"));
  EXPECT_THAT(turned(0xffffffff), ElementsAre("0", "1", "2"));
}

TEST(AnswerTest, OthersDoNotTurn) {
  const auto texts =
      AnswerOf(UpstreamMessage("a.example", "TXT").Answer("a.example 60 TXT x").Answer("a.example 60 TXT y"));
  EXPECT_EQ(texts->rotate_count, 0);
  const auto mixed =
      AnswerOf(UpstreamMessage("a.example", "ANY").Answer("a.example 60 A 1.2.3.4").Answer("a.example 60 AAAA ::2"));
  EXPECT_EQ(mixed->rotate_count, 0);
}

TEST(AnswerTest, TheClientsLetterCaseComesBack) {
  const Reply reply = See(*Addresses(1), test::Question("wWw.eXample.COM", "A"));
  EXPECT_EQ(reply.question, "wWw.eXample.COM. A");
  EXPECT_THAT(reply.in_order, ElementsAre("wWw.eXample.COM. 60 A 192.0.2.0"));
}

TEST(AnswerTest, AddressesThatDoNotFitAreCutAtARecord) {
  const auto answer = Addresses(60);
  const Reply plain = See(*answer, Www(), {.rotation = 50});
  EXPECT_EQ(plain.problem, "");
  EXPECT_TRUE(plain.truncated());
  // 33 bytes of header and question, 16 of each record.
  EXPECT_THAT(Hosts(plain), SizeIs(29));
  EXPECT_THAT(Hosts(plain).front(), "50");
  EXPECT_THAT(Hosts(plain)[10], "0");
  for (const auto& [size, records] : std::vector<std::pair<uint16_t, size_t>>{{512, 29}, {600, 34}, {1232, 60}}) {
    const Reply reply = See(*answer, Www().Edns(size));
    EXPECT_EQ(reply.problem, "");
    EXPECT_EQ(reply.truncated(), records < 60) << size;
    EXPECT_THAT(Hosts(reply), SizeIs(records)) << size;
    EXPECT_TRUE(reply.has_opt);
  }
  EXPECT_THAT(Hosts(See(*answer, Www().Tcp())), SizeIs(60));
}

// The exact size, and one byte less.
TEST(AnswerTest, TheLimitIsExact) {
  const auto answer = Addresses(3);
  const auto at = [&](size_t limit) {
    Desk desk(Www(), limit);
    return desk.Finish(*answer, WriteAnswer(*answer, Age::kFresh, kNow, 0, *desk.writer));
  };
  EXPECT_FALSE(at(33 + 48).truncated());
  EXPECT_TRUE(at(33 + 47).truncated());
  EXPECT_THAT(Hosts(at(33 + 47)), SizeIs(2));
  EXPECT_THAT(Hosts(at(33 + 15)), IsEmpty());
}

TEST(AnswerTest, AChainThatLeavesNoRoomIsLeftOut) {
  UpstreamMessage message("www.example.com", "A");
  std::string from = "www.example.com";
  for (const char c : {'a', 'b', 'c'}) {
    const std::string to = std::string(60, c) + "." + std::string(60, c) + "." + std::string(60, c);
    message.Answer(from + " 60 CNAME " + to);
    from = to;
  }
  const Reply reply = See(*AnswerOf(message.Answer(from + " 60 A 192.0.2.1")), Www());
  EXPECT_EQ(reply.problem, "");
  EXPECT_TRUE(reply.truncated());
  EXPECT_THAT(reply.answer, IsEmpty());
}

TEST(AnswerTest, OtherTypesThatDoNotFitAreLeftOut) {
  UpstreamMessage message("big.example.com", "TXT");
  for (int i = 0; i < 5; ++i) message.Answer("big.example.com 60 TXT " + std::to_string(i) + std::string(150, 'x'));
  const auto answer = AnswerOf(message);
  const test::Question question("big.example.com", "TXT");
  EXPECT_TRUE(See(*answer, question).truncated());
  EXPECT_THAT(See(*answer, question).answer, IsEmpty());
  EXPECT_THAT(See(*answer, test::Question(question).Edns(1232)).answer, SizeIs(5));
}

TEST(AnswerTest, ASetWithoutItsSignatureIsLeftOut) {
  UpstreamMessage message(Ask("www.example.com", "A", {.dnssec_ok = true}));
  for (int i = 0; i < 29; ++i) message.Answer("www.example.com 60 A 192.0.2." + std::to_string(i));
  const auto answer = AnswerOf(message.Answer("www.example.com 60 RRSIG A"));
  EXPECT_EQ(answer->rotate_count, 29);
  EXPECT_THAT(See(*answer, Www()).answer, IsEmpty());
  const Reply whole = See(*answer, Www().Edns(1232), {.rotation = 3});
  EXPECT_EQ(Hosts(whole).front(), "3");
  EXPECT_THAT(whole.answer, SizeIs(30));
}

TEST(AnswerTest, AdditionalRecordsGoFirstAndSilently) {
  UpstreamMessage message("_x._tcp.example.com", "SRV");
  for (int i = 0; i < 8; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example.com";
    message.Answer("_x._tcp.example.com 60 SRV 1 1 80 " + host).Additional(host + " 60 AAAA 2001:db8::1");
  }
  const auto answer = AnswerOf(message);
  const Reply small = See(*answer, test::Question("_x._tcp.example.com", "SRV"));
  EXPECT_FALSE(small.truncated());
  EXPECT_THAT(small.answer, SizeIs(8));
  EXPECT_THAT(small.additional, IsEmpty());
  EXPECT_THAT(See(*answer, test::Question("_x._tcp.example.com", "SRV").Edns(1232)).additional, SizeIs(8));
}

TEST(AnswerTest, ASoaAtTheLongestNameFits) {
  const std::string label(61, 'n');
  const std::string name = label + "." + label + "." + label + "." + label + ".ab";
  const auto answer = AnswerOf(UpstreamMessage(name, "A").Rcode(3).Authority(name + " 60 SOA 60"));
  const Reply reply = See(*answer, test::Question(name, "A"));
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_FALSE(reply.truncated());
  EXPECT_THAT(reply.authority, SizeIs(1));
}

TEST(AnswerTest, FailuresHaveNoRecords) {
  const auto failure = MakeFailure(Ask("a.example", "A"), wire::Ede::kNetworkError, "no route", kNow, 5000);
  EXPECT_TRUE(failure->failure);
  EXPECT_EQ(failure->ede, wire::Ede::kNetworkError);
  EXPECT_EQ(failure->ede_text, "no route");
  EXPECT_EQ(failure->expires_ms, kNow + 5000);
  const Reply reply = SeeAll(*failure);
  EXPECT_EQ(reply.rcode, "SERVFAIL");
  EXPECT_THAT(reply.answer, IsEmpty());
}

// The reply to a question about x.consul, whose CNAME leads to the answer's name.
Reply SeeThroughAlias(const Answer& answer, size_t limit, const Look& look = {}) {
  Desk desk(test::Question("x.consul", "A"), limit);
  const auto owner = test::NameBytes("x.consul");
  desk.writer->BeginRecord(wire::Section::kAnswer, owner, wire::type::kCname, 0);
  desk.writer->PutCompressedName(
      std::span(reinterpret_cast<const uint8_t*>(answer.question.name.data()), answer.question.name.size()));
  EXPECT_TRUE(desk.writer->EndRecord());
  return desk.Finish(answer, AppendToChain(answer, look.age, look.now_ms, *desk.writer));
}

TEST(AnswerTest, AnAnswerGoesBehindAnAlias) {
  const auto answer = AnswerOf(UpstreamMessage("www.example.com", "A")
                                   .Answer("www.example.com 60 CNAME A.example.com")
                                   .Answer("a.example.com 20 A 192.0.2.1"));
  const Reply reply = SeeThroughAlias(*answer, 512, {.now_ms = kNow + 5000});
  EXPECT_EQ(reply.problem, "");
  EXPECT_FALSE(reply.truncated());
  EXPECT_THAT(reply.in_order, ElementsAre("x.consul. 0 CNAME www.example.com.",
                                          "www.example.com. 55 CNAME A.example.com.", "A.example.com. 15 A 192.0.2.1"));
}

TEST(AnswerTest, TheSoaOfNothingGoesBehindAnAlias) {
  const auto answer = AnswerOf(UpstreamMessage("www.example.com", "A").Rcode(3).Authority("example.com 60 SOA 60"));
  const Reply reply = SeeThroughAlias(*answer, 512, {Age::kStale});
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_THAT(reply.authority, ElementsAre("example.com. 30 SOA ns.example.com. admin.example.com. 1 1 1 1 60"));
}

TEST(AnswerTest, EveryFormOfRdataGoesBehindAnAlias) {
  UpstreamMessage message("www.example.com", "ANY");
  message.Answer("www.example.com 60 MX 10 mail.example.com")
      .Answer("www.example.com 60 SRV 1 2 3 Srv.example.com")
      .Answer("www.example.com 60 TXT hello")
      .Answer("www.example.com 60 HTTPS 1 svc.example.com")
      .Answer("www.example.com 60 TYPE700 010203")
      .Answer("www.example.com 60 TYPE701 ")
      .Additional("mail.example.com 60 A 192.0.2.9");
  const auto answer = AnswerOf(message);
  const Reply direct = SeeAll(*answer);
  Reply behind = SeeThroughAlias(*answer, 512);
  EXPECT_EQ(behind.problem, "");
  EXPECT_THAT(behind.additional, IsEmpty()) << "only of the answer section";
  EXPECT_THAT(direct.additional, SizeIs(1));
  ASSERT_THAT(behind.in_order, SizeIs(7));
  behind.in_order.erase(behind.in_order.begin());
  EXPECT_EQ(behind.in_order, direct.in_order);
}

TEST(AnswerTest, WhatDoesNotFitBehindAnAliasIsCut) {
  const Reply cut = SeeThroughAlias(*Addresses(60), 512);
  EXPECT_EQ(cut.problem, "");
  EXPECT_TRUE(cut.truncated());
  // 26 bytes of header and question, 29 of the alias.
  EXPECT_THAT(Hosts(cut), SizeIs((512 - 26 - 29) / 16));
  UpstreamMessage texts("www.example.com", "TXT");
  for (int i = 0; i < 5; ++i) texts.Answer("www.example.com 60 TXT " + std::to_string(i) + std::string(150, 'x'));
  const Reply none = SeeThroughAlias(*AnswerOf(texts), 512);
  EXPECT_TRUE(none.truncated());
  EXPECT_THAT(none.in_order, ElementsAre("x.consul. 0 CNAME www.example.com.")) << "what stood before stays";
}

TEST(AnswerTest, LinksAloneWithoutWhatTheyLeadTo) {
  const auto answer = AnswerOf(UpstreamMessage("www.example.com", "A")
                                   .Answer("www.example.com 60 CNAME A.example.com")
                                   .Answer("a.example.com 40 CNAME b.example.net")
                                   .Answer("b.example.net 20 A 192.0.2.1"));
  EXPECT_EQ(test::MessageReader(TargetOf(*answer, answer->records[0]).wire()).Name(), "A.example.com.");
  EXPECT_EQ(test::MessageReader(TargetOf(*answer, answer->records[1]).wire()).Name(), "b.example.net.");
  Desk first(test::Question("wWw.example.com", "A"));
  EXPECT_THAT(first.Finish(*answer, WriteLinks(*answer, Age::kFresh, kNow + 5000, 2, *first.writer)).in_order,
              ElementsAre("wWw.example.com. 55 CNAME A.example.com.", "A.example.com. 35 CNAME b.example.net."));
  Desk behind(test::Question("x.consul", "A"));
  EXPECT_THAT(behind.Finish(*answer, AppendToChain(*answer, Age::kStale, kNow, *behind.writer, 1)).in_order,
              ElementsAre("www.example.com. 30 CNAME A.example.com."));
  Desk small(Www(), 50);
  const Reply cut = small.Finish(*answer, WriteLinks(*answer, Age::kFresh, kNow, 2, *small.writer));
  EXPECT_TRUE(cut.truncated());
  EXPECT_THAT(cut.answer, IsEmpty());
}

TEST(AnswerTest, WritingDoesNotAllocate) {
  const auto answer = Addresses(60);
  Desk whole(Www().Edns(1232)), cut(Www()), behind(test::Question("x.consul", "A"));
  const size_t before = test::AllocationCount();
  WriteAnswer(*answer, Age::kFresh, kNow, 7, *whole.writer);
  WriteAnswer(*answer, Age::kFresh, kNow, 7, *cut.writer);
  AppendToChain(*answer, Age::kFresh, kNow, *behind.writer);
  EXPECT_EQ(test::AllocationCount(), before);
}

}  // namespace
}  // namespace signpost::resolver
