// Signpost. Apache-2.0; see LICENSE.
// The answers of the conformance zone, zones/example/example.test.zone. A line of a table is the query and all of the
// reply: names without a final dot end in ".example.test.".
#include "dnsd/static_zone/answer.h"

#include <gmock/gmock.h>

#include "tests/unit/dnsd/static_zone/static_side.h"

namespace signpost::static_zone {
namespace {

using test::Lines;
using test::Question;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

const std::string kSoa =
    "example.test. 300 SOA ns1.example.test. hostmaster.example.test. 2026010100 7200 3600 1209600 300";
const Lines kWww = {"www.example.test. 3600 A 192.0.2.80", "www.example.test. 3600 A 192.0.2.81",
                    "www.example.test. 3600 A 192.0.2.82"};
const Lines kReferral = {"sub.example.test. 3600 NS ns.elsewhere.test.",
                         "sub.example.test. 3600 NS ns1.sub.example.test."};
const Lines kGlue = {"ns1.sub.example.test. 3600 A 192.0.2.53"};
const Lines kServers = {"ns1.example.test. 3600 A 192.0.2.1", "ns1.example.test. 3600 AAAA 2001:db8::1",
                        "ns2.example.test. 3600 A 192.0.2.2"};

Lines operator+(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Case {
  const char* number;
  const char* name;
  const char* type;
  const char* rcode;
  const char* flags;
  Lines answer;
  Lines authority;
  Lines additional;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.number << " " << c.name << " " << c.type; }

class ConformanceTest : public ::testing::TestWithParam<Case> {};

TEST_P(ConformanceTest, Answers) {
  const Case& c = GetParam();
  for (const bool tcp : {false, true}) {
    Question question(std::string(c.name) + (*c.name != '\0' ? ".example.test" : "example.test"), c.type);
    if (tcp) question.Tcp();
    const Reply reply = Ask(Example(), question.Edns(1232)).reply;
    EXPECT_EQ(reply.problem, "");
    EXPECT_EQ(reply.rcode, c.rcode);
    EXPECT_EQ(reply.flags, c.flags);
    EXPECT_THAT(reply.answer, UnorderedElementsAreArray(c.answer));
    EXPECT_THAT(reply.authority, UnorderedElementsAreArray(c.authority));
    EXPECT_THAT(reply.additional, UnorderedElementsAreArray(c.additional));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, ConformanceTest,
    ::testing::Values(
        Case{"W143", "nope", "A", "NXDOMAIN", "aa", {}, {kSoa}, {}},
        Case{"W144", "www", "MX", "NOERROR", "aa", {}, {kSoa}, {}},
        Case{"W145", "er.ent", "A", "NOERROR", "aa", {}, {kSoa}, {}},
        Case{"W145", "ent", "A", "NOERROR", "aa", {}, {kSoa}, {}},
        Case{"W145", "x.er.ent", "A", "NXDOMAIN", "aa", {}, {kSoa}, {}},
        Case{"W146", "x.wild", "A", "NOERROR", "aa", {"x.wild.example.test. 3600 A 192.0.2.100"}, {}, {}},
        Case{"W147", "a.b.c.wild", "A", "NOERROR", "aa", {"a.b.c.wild.example.test. 3600 A 192.0.2.100"}, {}, {}},
        Case{"W148", "x.wild", "AAAA", "NOERROR", "aa", {}, {kSoa}, {}},
        Case{"W149", "wild", "A", "NOERROR", "aa", {}, {kSoa}, {}},
        Case{"W150", "*.wild", "A", "NOERROR", "aa", {"*.wild.example.test. 3600 A 192.0.2.100"}, {}, {}},
        Case{"W151", "sub.wild", "A", "NOERROR", "aa", {}, {kSoa}, {}},
        Case{"W152", "x.sub.wild", "A", "NXDOMAIN", "aa", {}, {kSoa}, {}},
        // RFC 4592 2.2.1: below the literal wildcard there is nothing.
        Case{"W152", "x.*.wild", "A", "NXDOMAIN", "aa", {}, {kSoa}, {}}));

INSTANTIATE_TEST_SUITE_P(
    Chains, ConformanceTest,
    ::testing::Values(
        Case{"W153",
             "x.wcn",
             "A",
             "NOERROR",
             "aa",
             Lines{"x.wcn.example.test. 3600 CNAME www.example.test."} + kWww,
             {},
             {}},
        Case{"W154", "x.wcn", "CNAME", "NOERROR", "aa", {"x.wcn.example.test. 3600 CNAME www.example.test."}, {}, {}},
        Case{"W155",
             "c1",
             "A",
             "NOERROR",
             "aa",
             Lines{"c1.example.test. 3600 CNAME c2.example.test.", "c2.example.test. 3600 CNAME c3.example.test.",
                   "c3.example.test. 3600 CNAME www.example.test."} +
                 kWww,
             {},
             {}},
        Case{"W156", "c1", "CNAME", "NOERROR", "aa", {"c1.example.test. 3600 CNAME c2.example.test."}, {}, {}},
        Case{"W157", "c3", "TXT", "NOERROR", "aa", {"c3.example.test. 3600 CNAME www.example.test."}, {kSoa}, {}},
        Case{"W158",
             "cdead",
             "A",
             "NXDOMAIN",
             "aa",
             {"cdead.example.test. 3600 CNAME missing.example.test."},
             {kSoa},
             {}},
        Case{"W159", "cout", "A", "NOERROR", "aa", {"cout.example.test. 3600 CNAME www.example.net."}, {}, {}},
        Case{"W161",
             "cdel",
             "A",
             "NOERROR",
             "aa",
             {"cdel.example.test. 3600 CNAME host.sub.example.test."},
             kReferral,
             kGlue},
        Case{"W162",
             "cwild",
             "A",
             "NOERROR",
             "aa",
             {"cwild.example.test. 3600 CNAME x.wild.example.test.", "x.wild.example.test. 3600 A 192.0.2.100"},
             {},
             {}}));

INSTANTIATE_TEST_SUITE_P(Delegations, ConformanceTest,
                         ::testing::Values(Case{"W165", "sub", "NS", "NOERROR", "", {}, kReferral, kGlue},
                                           Case{"W166", "host.sub", "A", "NOERROR", "", {}, kReferral, kGlue},
                                           Case{"W167", "sub", "SOA", "NOERROR", "", {}, kReferral, kGlue},
                                           Case{"W168", "ns1.sub", "A", "NOERROR", "", {}, kReferral, kGlue},
                                           Case{"W169", "sub", "DS", "NOERROR", "aa", {}, {kSoa}, {}},
                                           Case{"W169", "x.sub", "DS", "NOERROR", "", {}, kReferral, kGlue},
                                           Case{"W170", "sub", "ANY", "NOERROR", "", {}, kReferral, kGlue},
                                           Case{"W173",
                                                "",
                                                "NS",
                                                "NOERROR",
                                                "aa",
                                                {"example.test. 3600 NS ns1.example.test.",
                                                 "example.test. 3600 NS ns2.example.test."},
                                                {},
                                                kServers},
                                           Case{"W174",
                                                "",
                                                "MX",
                                                "NOERROR",
                                                "aa",
                                                {"example.test. 3600 MX 10 mail.example.test."},
                                                {},
                                                {"mail.example.test. 3600 A 192.0.2.25"}},
                                           Case{"W174",
                                                "_http._tcp",
                                                "SRV",
                                                "NOERROR",
                                                "aa",
                                                {"_http._tcp.example.test. 3600 SRV 10 60 8080 www.example.test.",
                                                 "_http._tcp.example.test. 3600 SRV 10 40 8080 mail.example.test."},
                                                {},
                                                kWww + Lines{"www.example.test. 3600 AAAA 2001:db8::80",
                                                             "mail.example.test. 3600 A 192.0.2.25"}},
                                           Case{"W176", "", "DS", "NOERROR", "aa", {}, {kSoa}, {}}));

TEST(StaticAnswerTest, ChainsComeInTheirOrder) {
  const Lines lines = Ask(Example(), Question("c1.example.test", "A")).reply.in_order;
  ASSERT_THAT(lines, SizeIs(6));
  EXPECT_THAT(Lines(lines.begin(), lines.begin() + 3), ElementsAre("c1.example.test. 3600 CNAME c2.example.test.",
                                                                   "c2.example.test. 3600 CNAME c3.example.test.",
                                                                   "c3.example.test. 3600 CNAME www.example.test."));
}

TEST(StaticAnswerTest, TheCallerLearnsWhereAChainLeaves) {
  EXPECT_EQ(Ask(Example(), Question("cout.example.test", "A")).leaves, "www.example.net.");
  EXPECT_EQ(Ask(Example(), Question("cout.example.test", "CNAME")).leaves, "");
  EXPECT_EQ(Ask(Example(), Question("c1.example.test", "A")).leaves, "");
  EXPECT_EQ(Ask(*Small("c CNAME www.xsmall.test."), Question("c.small.test", "A")).leaves, "www.xsmall.test.");  // W177
}

TEST(StaticAnswerTest, ACallerThatForwardsGetsNoReferral) {
  const How forwards{.refers = false};
  const Told direct = Ask(Example(), Question("host.sub.example.test", "A"), forwards);
  EXPECT_TRUE(direct.verdict.referral);
  EXPECT_THAT(direct.reply.authority, IsEmpty());
  EXPECT_THAT(direct.reply.additional, IsEmpty());
  const Told chain = Ask(Example(), Question("cdel.example.test", "A"), forwards);
  EXPECT_FALSE(chain.verdict.referral);
  EXPECT_EQ(chain.leaves, "host.sub.example.test.");
  EXPECT_THAT(chain.reply.answer, ElementsAre("cdel.example.test. 3600 CNAME host.sub.example.test."));
  EXPECT_THAT(chain.reply.authority, IsEmpty());
}

TEST(StaticAnswerTest, OnlyTheQuestionsOwnNameMakesAReferral) {
  EXPECT_TRUE(Ask(Example(), Question("host.sub.example.test", "A")).verdict.referral);
  EXPECT_FALSE(Ask(Example(), Question("cdel.example.test", "A")).verdict.referral);
}

// W163.
TEST(StaticAnswerTest, LoopsEndWhereTheyMeet) {
  const ZonePtr zone = Small("a CNAME b\nb CNAME A\nself CNAME self\n*.w CNAME y.w");
  const Reply two = Ask(*zone, Question("a.small.test", "A")).reply;
  EXPECT_EQ(two.rcode, "NOERROR");
  EXPECT_THAT(two.in_order,
              ElementsAre("a.small.test. 60 CNAME b.small.test.", "b.small.test. 60 CNAME A.small.test."));
  EXPECT_THAT(two.authority, IsEmpty());
  EXPECT_THAT(Ask(*zone, Question("self.small.test", "A")).reply.answer, SizeIs(1));
  EXPECT_THAT(Ask(*zone, Question("x.w.small.test", "A")).reply.in_order,
              ElementsAre("x.w.small.test. 60 CNAME y.w.small.test.", "y.w.small.test. 60 CNAME y.w.small.test."));
}

// W164.
TEST(StaticAnswerTest, SixteenCnamesAreFollowedAndNoMore) {
  std::string records = "c0 A 192.0.2.1\n";
  for (int i = 1; i <= 17; ++i) records += "c" + std::to_string(i) + " CNAME c" + std::to_string(i - 1) + "\n";
  const ZonePtr zone = Small(records);
  const Reply whole = Ask(*zone, Question("c16.small.test", "A").Tcp()).reply;
  EXPECT_EQ(whole.rcode, "NOERROR");
  EXPECT_THAT(whole.answer, SizeIs(17));
  const Reply long_one = Ask(*zone, Question("c17.small.test", "A").Tcp()).reply;
  EXPECT_EQ(long_one.rcode, "SERVFAIL");
  EXPECT_EQ(long_one.flags, "");
  EXPECT_THAT(long_one.answer, IsEmpty());
}

// W175.
TEST(StaticAnswerTest, AServiceThatIsNotOfferedHasNoAddress) {
  const Reply reply = Ask(*Small("_x._tcp SRV 0 0 0 ."), Question("_x._tcp.small.test", "SRV")).reply;
  EXPECT_THAT(reply.answer, ElementsAre("_x._tcp.small.test. 60 SRV 0 0 0 ."));
  EXPECT_THAT(reply.additional, IsEmpty());
}

TEST(StaticAnswerTest, TargetsThatRepeatAreAddedOnce) {
  const ZonePtr zone = Small("@ MX 1 m\n@ MX 2 m\n@ MX 3 M\nm A 192.0.2.1");
  EXPECT_THAT(Ask(*zone, Question("small.test", "MX")).reply.additional, SizeIs(1));
}

// W140, W141.
TEST(StaticAnswerTest, LetterCaseIsTheFilesAndTheQuestions) {
  const ZonePtr zone = Small("Web CNAME Host.Small.TEST.\nhost A 192.0.2.1");
  const Reply reply = Ask(*zone, Question("wEB.small.test", "A")).reply;
  EXPECT_THAT(reply.in_order,
              ElementsAre("wEB.small.test. 60 CNAME Host.Small.TEST.", "Host.Small.TEST. 60 A 192.0.2.1"));
}

TEST(StaticAnswerTest, RecordsBesideACnameAreAnswered) {
  const ZonePtr zone = Small("a CNAME b\na TYPE46 \\# 2 0001\nb A 192.0.2.1");
  EXPECT_THAT(Ask(*zone, Question("a.small.test", "TYPE46")).reply.answer,
              ElementsAre("a.small.test. 60 TYPE46 \\# 2 0001"));
  EXPECT_THAT(Ask(*zone, Question("a.small.test", "A")).reply.answer, SizeIs(2));
}

TEST(StaticAnswerTest, AddressesTurn) {
  const auto first = [](uint32_t rotation) {
    return Ask(Example(), Question("www.example.test", "A"), {.rotation = rotation}).reply.in_order.front();
  };
  EXPECT_EQ(first(0), kWww[0]);
  EXPECT_EQ(first(1), kWww[1]);
  EXPECT_EQ(first(5), kWww[2]);
  EXPECT_EQ(first(0xffffffff), kWww[0]);
  // A list of name servers or mail exchangers stays as it is.
  EXPECT_EQ(Ask(Example(), Question("example.test", "NS"), {.rotation = 1}).reply.in_order.front(),
            "example.test. 3600 NS ns1.example.test.");
}

TEST(StaticAnswerTest, AnyIsOneRecordOverUdpUnlessToldOtherwise) {
  const Question any("ns1.example.test", "ANY");
  EXPECT_THAT(Ask(Example(), any).reply.answer, ElementsAre("ns1.example.test. 3600 HINFO \"RFC8482\" \"\""));
  const Lines all = {"ns1.example.test. 3600 A 192.0.2.1", "ns1.example.test. 3600 AAAA 2001:db8::1"};
  EXPECT_EQ(Ask(Example(), any, {.any = AnyPolicy::kData}).reply.answer, all);
  EXPECT_EQ(Ask(Example(), Question(any).Tcp()).reply.answer, all);
  EXPECT_EQ(Ask(Example(), Question("nope.example.test", "ANY")).reply.rcode, "NXDOMAIN");
  EXPECT_THAT(Ask(Example(), Question("ent.example.test", "ANY")).reply.authority, ElementsAre(kSoa));
  const Told alias = Ask(Example(), Question("cout.example.test", "ANY"));
  EXPECT_THAT(alias.reply.answer, ElementsAre("cout.example.test. 3600 CNAME www.example.net."));
  EXPECT_EQ(alias.leaves, "");
}

TEST(AnswerTest, AChainLeavesTheZoneAtANameOfOthers) {
  struct Beyond final : Others {
    bool GoBefore(const wire::Name& name) const override { return name.label(0) == "theirs"; }
  } beyond;
  const ZonePtr zone =
      Small("a CNAME b\nb CNAME theirs\ntheirs A 192.0.2.1\n*.w CNAME theirs\nd DNAME e\nx CNAME none.theirs");
  const auto ask = [&](const char* name, const char* type = "A") {
    return Ask(*zone, Question(std::string(name) + ".small.test", type), {.others = &beyond});
  };
  for (const char* name : {"a", "x.w"}) {
    const Told told = ask(name);
    EXPECT_EQ(told.leaves, "theirs.small.test.") << name;
    EXPECT_EQ(told.reply.rcode, "NOERROR") << name;
    EXPECT_THAT(told.reply.answer, ::testing::Each(::testing::HasSubstr(" CNAME "))) << name;
  }
  EXPECT_EQ(ask("theirs.d").leaves, "theirs.e.small.test.");
  EXPECT_EQ(ask("a", "CNAME").leaves, "") << "stops there";
  EXPECT_EQ(ask("theirs").reply.answer.size(), 1U) << "who asks the zone has chosen it";
  EXPECT_EQ(ask("x").reply.rcode, "NXDOMAIN");
}

}  // namespace
}  // namespace signpost::static_zone
