// Signpost. Apache-2.0; see LICENSE.
// What becomes of answers that have no room (W129-W142).
#include "dnsd/static_zone/answer_records.h"

#include <gmock/gmock.h>

#include "tests/unit/dnsd/static_zone/static_side.h"

namespace signpost::static_zone {
namespace {

using test::Question;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Case {
  const char* name;
  const char* type;
  int edns;  // 0: none; -1: over TCP
  size_t records;
  bool truncated;
  size_t bytes;  // 0: any
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " " << c.type << " " << c.edns; }

class SizeTest : public ::testing::TestWithParam<Case> {};

TEST_P(SizeTest, AddressesAreCutAndOthersLeftOut) {
  const Case& c = GetParam();
  Question question(std::string(c.name) + ".example.test", c.type);
  if (c.edns > 0) question.Edns(static_cast<uint16_t>(c.edns));
  if (c.edns < 0) question.Tcp();
  const Reply reply = Ask(Example(), question).reply;
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_THAT(reply.answer, SizeIs(c.records));
  EXPECT_EQ(reply.truncated(), c.truncated);
  EXPECT_EQ(reply.bytes.size(), c.bytes != 0 ? c.bytes : reply.bytes.size());
}

INSTANTIATE_TEST_SUITE_P(W129ToW134, SizeTest,
                         ::testing::Values(Case{"many", "A", 0, 29, true, 499}, Case{"many", "A", 512, 29, true, 0},
                                           Case{"many", "A", 1232, 60, false, 1006}, Case{"big", "TXT", 0, 0, true, 34},
                                           Case{"big", "TXT", 1232, 4, false, 1057},
                                           Case{"huge", "TXT", 4096, 0, true, 0},
                                           Case{"huge", "TXT", 65535, 0, true, 0},
                                           Case{"huge", "TXT", -1, 14, false, 0}));

std::string Long(char c) {
  const std::string label(60, c);
  return label + "." + label + "." + label;
}

// W135: an answer is whole without its additional records.
TEST(RecordWriterTest, AdditionalRecordsAreDroppedFirst) {
  std::string records;
  for (int i = 0; i < 12; ++i)
    records += "@ MX 1 m" + std::to_string(i) + "\nm" + std::to_string(i) + " A 192.0.2.1\n" + "m" + std::to_string(i) +
               " AAAA 2001:db8::1\n";
  const Reply reply = Ask(*Small(records), Question("small.test", "MX")).reply;
  EXPECT_EQ(reply.problem, "");
  EXPECT_FALSE(reply.truncated());
  EXPECT_THAT(reply.answer, SizeIs(12));
  EXPECT_LT(reply.additional.size(), 24U);
}

TEST(RecordWriterTest, AReferralWithoutItsGlueIsTruncated) {
  std::string records = "$ORIGIN small.test.\nsub NS ns.sub\nsub NS " + Long('a') + "\nsub NS " + Long('b') + "\n";
  for (int i = 0; i < 4; ++i) records += "ns.sub A 192.0.2." + std::to_string(i) + "\n";
  records += Long('a') + " A 192.0.2.9\n" + Long('b') + " A 192.0.2.9\n";
  const Told told = Ask(*Small(records), Question("x.sub.small.test", "A"));
  EXPECT_TRUE(told.verdict.referral);
  EXPECT_FALSE(told.reply.truncated());
  EXPECT_THAT(told.reply.additional, SizeIs(4));  // those of the cut itself, though the others could stand before them
  for (int i = 4; i < 9; ++i) records += "ns.sub A 192.0.2." + std::to_string(i) + "\n";
  const Reply cut = Ask(*Small(records), Question("x.sub.small.test", "A")).reply;
  EXPECT_TRUE(cut.truncated());
  EXPECT_THAT(cut.authority, SizeIs(3));
}

// W136.
TEST(RecordWriterTest, TheSoaOfANegativeAnswerFits) {
  const std::string name = Long('x') + "." + std::string(58, 'y');
  const Reply reply = Ask(*Small("a A 192.0.2.1"), Question(name + ".small.test", "A")).reply;
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_THAT(reply.authority, ElementsAre(kSmallSoa));
}

TEST(RecordWriterTest, AChainThatDoesNotFitIsLeftOut) {
  const std::string records = "a CNAME " + Long('a') + "\n" + Long('a') + " CNAME " + Long('b') + "\n" + Long('b') +
                              " CNAME " + Long('c') + "\n" + Long('c') + " TXT t\n";
  const Reply udp = Ask(*Small(records), Question("a.small.test", "TXT")).reply;
  EXPECT_TRUE(udp.truncated());
  EXPECT_THAT(udp.answer, IsEmpty());
  EXPECT_THAT(Ask(*Small(records), Question("a.small.test", "TXT").Tcp()).reply.answer, SizeIs(4));
}

// A set may nearly fill a message; what else an answer needs may not fit then, and TCP is the last resort.
TEST(RecordWriterTest, OverTcpWhatDoesNotFitIsAFailure) {
  std::string records;
  for (int i = 0; i < 239; ++i) records += "t TXT \"" + std::to_string(1000 + i) + std::string(250, 'x') + "\"\n";
  std::string last = "t";
  for (const char c : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'}) {
    records += Long(c) + " CNAME " + last + "\n";
    last = Long(c);
  }
  const ZonePtr zone = Small(records);
  EXPECT_THAT(Ask(*zone, Question("t.small.test", "TXT").Tcp()).reply.answer, SizeIs(239));
  const Reply reply = Ask(*zone, Question(last + ".small.test", "TXT").Tcp()).reply;
  EXPECT_EQ(reply.rcode, "SERVFAIL");
  EXPECT_EQ(reply.flags, "");
}

}  // namespace
}  // namespace signpost::static_zone
