// Signpost. Apache-2.0; see LICENSE.
// RFC 6672.
#include <gmock/gmock.h>

#include "tests/unit/dnsd/static_zone/static_side.h"

namespace signpost::static_zone {
namespace {

using test::Question;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "old", "new.small.test": the record old.small.test. DNAME new.small.test., which is never compressed.
std::string Dname(const std::string& owner, const std::string& target) {
  const test::Bytes name = test::NameBytes(target);
  std::string hex;
  for (const uint8_t byte : name) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return owner + ".small.test. 60 TYPE39 \\# " + std::to_string(name.size()) + " " + hex;
}

TEST(DnameTest, ACnameIsMadeForNamesBelow) {
  const ZonePtr zone = Small("old DNAME new\na.new A 192.0.2.1\nb.a.new TXT t");
  EXPECT_THAT(Ask(*zone, Question("a.old.small.test", "A")).reply.in_order,
              ElementsAre(Dname("old", "new.small.test"), "a.old.small.test. 60 CNAME a.new.small.test.",
                          "a.new.small.test. 60 A 192.0.2.1"));
  EXPECT_THAT(Ask(*zone, Question("B.a.old.small.test", "TXT")).reply.in_order, SizeIs(3));
  EXPECT_THAT(Ask(*zone, Question("x.old.small.test", "CNAME")).reply.in_order,
              ElementsAre(Dname("old", "new.small.test"), "x.old.small.test. 60 CNAME x.new.small.test."));
  EXPECT_EQ(Ask(*zone, Question("x.old.small.test", "A")).reply.rcode, "NXDOMAIN");
}

TEST(DnameTest, ItsOwnNameIsNotRenamed) {
  const ZonePtr zone = Small("old DNAME new\nold TXT t\na.new A 192.0.2.1");
  EXPECT_THAT(Ask(*zone, Question("old.small.test", "TYPE39")).reply.answer,
              ElementsAre(Dname("old", "new.small.test")));
  EXPECT_THAT(Ask(*zone, Question("old.small.test", "TXT")).reply.answer, SizeIs(1));
  EXPECT_THAT(Ask(*zone, Question("old.small.test", "A")).reply.authority, ElementsAre(kSmallSoa));
}

TEST(DnameTest, OutOfTheZoneTheChainLeaves) {
  const Told told = Ask(*Small("old DNAME Example.NET."), Question("a.b.old.small.test", "A"));
  EXPECT_EQ(told.leaves, "a.b.example.net.");
  EXPECT_EQ(told.reply.rcode, "NOERROR");
  EXPECT_THAT(told.reply.answer, SizeIs(2));
}

TEST(DnameTest, ANameThatGrowsTooLongIsNone) {
  const std::string label(60, 'x');
  const ZonePtr zone = Small("old DNAME " + label + "." + label + ".new");
  const Reply reply = Ask(*zone, Question(label + "." + label + ".old.small.test", "A")).reply;
  EXPECT_EQ(reply.rcode, "YXDOMAIN");
  EXPECT_THAT(reply.answer, ElementsAre(Dname("old", label + "." + label + ".new.small.test")));
}

TEST(DnameTest, CirclesEnd) {
  const ZonePtr zone = Small("d DNAME e\ne DNAME d\ng DNAME x.g");
  EXPECT_THAT(Ask(*zone, Question("a.d.small.test", "A")).reply.in_order,
              ElementsAre(Dname("d", "e.small.test"), "a.d.small.test. 60 CNAME a.e.small.test.",
                          Dname("e", "d.small.test"), "a.e.small.test. 60 CNAME a.d.small.test."));
  const Reply growing = Ask(*zone, Question("a.g.small.test", "A").Tcp()).reply;
  EXPECT_EQ(growing.rcode, "SERVFAIL");
  EXPECT_THAT(growing.answer, IsEmpty());
}

TEST(DnameTest, OneThatIsPassedTwiceIsToldOnce) {
  const ZonePtr zone = Small("d DNAME f\na.f CNAME b.d\nb.f A 192.0.2.1");
  const Reply reply = Ask(*zone, Question("a.d.small.test", "A")).reply;
  EXPECT_EQ(reply.problem, "");
  EXPECT_THAT(reply.answer, SizeIs(5));
}

}  // namespace
}  // namespace signpost::static_zone
