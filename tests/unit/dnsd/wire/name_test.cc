// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns/question.h"

namespace signpost::wire {
namespace {

using test::Hex;
using test::NameBytes;
using ::testing::HasSubstr;

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(NameTest, ReadsAndFoldsLabels) {
  Name name;
  EXPECT_EQ(name.Read(Hex("03 57 77 57 07 45 78 61 6d 70 6c 45 00 ff ff")), 13U);  // "WwW.ExamplE", two bytes behind
  EXPECT_EQ(name.ToString(), "www.example.");
  ASSERT_EQ(name.label_count(), 2U);
  EXPECT_EQ(name.label(0), "www");
  EXPECT_EQ(name.label(1), "example");
  EXPECT_EQ(name.size(), 13U);
  EXPECT_EQ(name.offset(0), 0U);
  EXPECT_EQ(name.offset(1), 4U);
  EXPECT_EQ(name.offset(2), 12U);
}

TEST(NameTest, FoldsAsciiLettersOnly) {
  Name name;
  ASSERT_EQ(name.Read(Hex("06 40 41 5a 5b c1 e1 00")), 8U);
  EXPECT_EQ(name.label(0), "@az[\xc1\xe1");
}

TEST(NameTest, TheRootHasNoLabels) {
  Name name;
  EXPECT_EQ(name.Read(Hex("00")), 1U);
  EXPECT_EQ(name.label_count(), 0U);
  EXPECT_EQ(name.size(), 1U);
  EXPECT_EQ(name.ToString(), ".");
}

TEST(NameTest, RefusesCutAndCompressedNames) {
  Name name;
  for (const char* bytes : {"", "01", "01 61", "03 61 62", "03 61 62 63", "01 61 c0 0c", "c0 00", "40 61*64 00",
                            "41 61*65 00", "81 61 00"}) {
    EXPECT_EQ(name.Read(Hex(bytes)), 0U) << bytes;
  }
}

TEST(NameTest, TakesUpTo255Octets) {
  const std::string label63 = Repeat("x", 63) + ".";
  Name name;
  const auto longest = NameBytes(Repeat(label63, 3) + Repeat("y", 61));
  ASSERT_EQ(longest.size(), 255U);
  EXPECT_EQ(name.Read(longest), 255U);
  EXPECT_EQ(name.label_count(), 4U);
  EXPECT_EQ(name.label(3), Repeat("y", 61));
  const auto too_long = NameBytes(Repeat(label63, 3) + Repeat("y", 62));
  ASSERT_EQ(too_long.size(), 256U);
  EXPECT_EQ(name.Read(too_long), 0U);
}

TEST(NameTest, Takes127Labels) {
  Name name;
  EXPECT_EQ(name.Read(NameBytes(Repeat("a.", 127))), 255U);
  EXPECT_EQ(name.label_count(), 127U);
  EXPECT_EQ(name.label(126), "a");
  EXPECT_EQ(name.offset(127), 254U);
  EXPECT_EQ(name.Read(NameBytes(Repeat("a.", 128))), 0U);
}

TEST(NameTest, KnowsADotInsideALabel) {
  Name name;
  name.Read(NameBytes("a\\.b.c"));
  EXPECT_TRUE(name.has_dot_in_label());
  EXPECT_EQ(name.label_count(), 2U);
  name.Read(NameBytes("a.b.c"));
  EXPECT_FALSE(name.has_dot_in_label());
}

TEST(NameTest, FromTextTakesAFinalDotOrNone) {
  EXPECT_EQ(Name::FromText("WWW.Example.Com")->ToString(), "www.example.com.");
  EXPECT_EQ(Name::FromText("www.example.com.")->ToString(), "www.example.com.");
  EXPECT_EQ(Name::FromText(".")->label_count(), 0U);
  EXPECT_EQ(Name::FromText("")->label_count(), 0U);
}

TEST(NameTest, FromTextNamesWhatIsWrong) {
  EXPECT_THAT(Name::FromText("a..b").status().text(), HasSubstr("\"a..b\" is not a domain name"));
  EXPECT_THAT(Name::FromText(Repeat("x", 64)).status().text(), HasSubstr("labels have 1 to 63"));
  EXPECT_THAT(Name::FromText(Repeat("abc.", 64)).status().text(), HasSubstr("255 octets"));
}

TEST(NameTest, EndsWithComparesWholeLabels) {
  const Name name = Name::FromText("web.service.consul").value();
  EXPECT_TRUE(name.EndsWith(Name::FromText("consul").value()));
  EXPECT_TRUE(name.EndsWith(Name::FromText("SERVICE.consul").value()));
  EXPECT_TRUE(name.EndsWith(name));
  EXPECT_TRUE(name.EndsWith(Name::FromText(".").value()));
  EXPECT_FALSE(name.EndsWith(Name::FromText("onsul").value()));
  EXPECT_FALSE(name.EndsWith(Name::FromText("vice.consul").value()));
  EXPECT_FALSE(name.EndsWith(Name::FromText("a.web.service.consul").value()));
  EXPECT_FALSE(name.EndsWith(Name::FromText("service").value()));
}

TEST(NameTest, TextJoinsARangeOfLabels) {
  const Name name = Name::FromText("a.bc.def.consul").value();
  char buffer[kMaxName];
  EXPECT_EQ(name.Text(0, 3, buffer), "a.bc.def");
  EXPECT_EQ(name.Text(1, 2, buffer), "bc");
  EXPECT_EQ(name.Text(2, 2, buffer), "");
}

TEST(NameTest, AppendLabelsKeepsCaseAndUndoesAFailure) {
  std::string out = "x";
  EXPECT_TRUE(AppendLabels("Node.A", out));
  EXPECT_EQ(out, "x\4Node\1A");
  for (const std::string& bad :
       {std::string("a..b"), std::string(".a"), std::string("a."), std::string(), Repeat("x", 64)}) {
    EXPECT_FALSE(AppendLabels(bad, out)) << bad;
    EXPECT_EQ(out, "x\4Node\1A");
  }
}

}  // namespace
}  // namespace signpost::wire
