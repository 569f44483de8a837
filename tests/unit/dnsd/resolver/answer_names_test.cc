// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/answer_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/dns/question.h"

namespace signpost::resolver {
namespace {

using test::Bytes;
using test::NameBytes;

TEST(AnswerNamesTest, NamesAreTheSameInAnyCase) {
  EXPECT_TRUE(SameName(NameBytes("Www.Example"), NameBytes("wwW.eXAMPLE")));
  EXPECT_FALSE(SameName(NameBytes("www.example"), NameBytes("ww.wexample")));
  EXPECT_FALSE(SameName(NameBytes("a"), NameBytes("a.b")));
}

TEST(AnswerNamesTest, NamesLieInTheirAncestors) {
  struct Case {
    const char* name;
    const char* zone;
    bool in;
  };
  for (const Case& c : std::vector<Case>{{"a.b", "b", true},
                                         {"a.B", "b", true},
                                         {"b", "b", true},
                                         {"a.b", "", true},
                                         {"", "", true},
                                         {"ab", "b", false},
                                         {"b", "a.b", false},
                                         {"a.xb", "b", false},
                                         {"", "b", false}}) {
    EXPECT_EQ(NameIsIn(NameBytes(c.name), NameBytes(c.zone)), c.in) << c.name << " " << c.zone;
  }
}

struct Read {
  explicit Read(const std::string& hex, size_t at, Pointers pointers = Pointers::kAllowed) {
    const Bytes bytes = test::Hex("00*12 " + hex);
    used = ReadName(MessageView(bytes), at, bytes.size(), pointers, name);
  }
  FlatName name;
  size_t used;
};

TEST(AnswerNamesTest, ReadsNamesInsideTheirBounds) {
  EXPECT_EQ(Read("0161 00", 12).used, 3u);
  EXPECT_EQ(Read("0161 00 0162 c00c", 15).used, 4u);
  EXPECT_EQ(Read("0161 00 0162 c00c", 15).name.size, 5u);
  EXPECT_EQ(Read("0161 00 0162 c00c", 15, Pointers::kForbidden).used, 0u);
  EXPECT_EQ(Read("0161", 12).used, 0u) << "no root";
  EXPECT_EQ(Read("0261", 12).used, 0u) << "a cut label";
  EXPECT_EQ(Read("0161 c0", 12).used, 0u) << "a cut pointer";
  EXPECT_EQ(Read("0161 c00c", 12).used, 0u) << "a pointer to its own begin";
  EXPECT_EQ(Read("c00e 00", 12).used, 0u) << "a pointer forward";
  EXPECT_EQ(Read("c000", 12).used, 0u) << "a pointer into the header";
  EXPECT_EQ(Read("8061 00", 12).used, 0u) << "an unknown label type";
}

TEST(AnswerNamesTest, NamesHave255OctetsAtMost) {
  const std::string three = "3f 61*63 3f 61*63 3f 61*63 ";
  EXPECT_EQ(Read(three + "3d 61*61 00", 12).used, 255u);
  EXPECT_EQ(Read(three + "3e 61*62 00", 12).used, 0u);
  EXPECT_EQ(Read("3d 61*61 00 " + three + "c00c", 12 + 63).name.size, 255u);
  EXPECT_EQ(Read("3e 61*62 00 " + three + "c00c", 12 + 64).used, 0u);
}

TEST(AnswerNamesTest, AViewReadsTheQuestionBeforeTheBody) {
  const Bytes question = NameBytes("example.com");
  const Bytes body = test::Hex("0161 c00c");
  const MessageView view(question, body);
  FlatName name;
  EXPECT_EQ(ReadName(view, view.body_at(), view.size(), Pointers::kAllowed, name), 4u);
  EXPECT_TRUE(SameName(name.wire(), NameBytes("a.example.com")));
}

// RDATA by type: taken or refused.
TEST(AnswerNamesTest, RdataIsMadeAsItsTypeDemands) {
  struct Case {
    uint16_t type;
    const char* rdata;
    bool whole;
  };
  for (const Case& c : std::vector<Case>{
           {1, "01020304", true},
           {1, "010203", false},
           {1, "0102030405", false},
           {28, "01*16", true},
           {28, "01*15", false},
           {2, "0161 00", true},
           {2, "0161 00 00", false},
           {2, "", false},
           {6, "00 00 01*20", true},
           {6, "00 00 01*19", false},
           {6, "00 01*20", false},
           {12, "00", true},
           {15, "000a 00", true},
           {15, "000a", false},
           {16, "00", true},
           {16, "", false},
           {16, "0161 0162", true},
           {16, "0161 0262", false},
           {13, "0161 0162", true},
           {13, "0161", false},
           {33, "01*6 00", true},
           {33, "01*6", false},
           {35, "01*4 00 00 00 00", true},
           {35, "01*4 00 00 00", false},
           {39, "0161 00", true},
           {43, "01*5", true},
           {43, "01*4", false},
           {46, "01*18 00 01", true},
           {46, "01*18 00", false},
           {46, "01*17", false},
           {47, "00", true},
           {47, "40", false},
           {48, "01*5", true},
           {48, "01*3", false},
           {50, "01*4 00 0161", true},
           {50, "01*4 00", false},
           {65, "0001 00 0001", true},
           {65, "0001", false},
           {257, "00 0161 62", true},
           {257, "00", false},
           {700, "", true},
           {700, "ffff", true},
       }) {
    const Bytes rdata = test::Hex(c.rdata);
    Bytes copy;
    const auto add = [&](std::span<const uint8_t> bytes) { copy.insert(copy.end(), bytes.begin(), bytes.end()); };
    const bool whole = WalkRdata(MessageView(rdata), FormOf(c.type), 0, rdata.size(), add,
                                 [&](const FlatName& name, RdataForm::Names) { add(name.wire()); });
    EXPECT_EQ(whole, c.whole) << c.type << " " << c.rdata;
    if (whole) {
      EXPECT_EQ(copy, rdata) << c.type << " " << c.rdata;
    }
  }
}

}  // namespace
}  // namespace signpost::resolver
