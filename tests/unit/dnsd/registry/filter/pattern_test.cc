// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signpost::registry::filter {
namespace {

using testing::HasSubstr;

bool Fits(std::string_view expression, std::string_view text) {
  const auto pattern = Pattern::Compile(expression);
  EXPECT_TRUE(pattern.ok()) << pattern.status().text();
  return pattern.ok() && pattern->Matches(text);
}

TEST(Pattern, LooksAnywhere) {
  EXPECT_TRUE(Fits("b", "abc"));
  EXPECT_TRUE(Fits("", ""));
  EXPECT_FALSE(Fits("^b", "abc"));
  EXPECT_FALSE(Fits("^b", "a\nb")) << "lines do not count";
  EXPECT_FALSE(Fits("a.b", "a\nb"));
  EXPECT_TRUE(Fits("(?s)a.b", "a\nb"));
  EXPECT_TRUE(Fits("^.$", "\xC3\xA9")) << "characters, not bytes";
}

TEST(Pattern, BackslashCIsRefusedWhereItMeansAByte) {
  EXPECT_EQ(Pattern::Compile(R"(\C)").status().text(), R"(error parsing regexp: invalid escape sequence: `\C`)");
  EXPECT_FALSE(Pattern::Compile(R"(\Q\E\C)").ok());
  EXPECT_TRUE(Fits(R"(\\C)", "\\C"));
  EXPECT_TRUE(Fits(R"(\Qa\C\E)", "a\\C"));
}

TEST(Pattern, BytesThatAreNoTextAreRefused) {
  EXPECT_EQ(Pattern::Compile("a\xFF").status().text(), "error parsing regexp: invalid UTF-8: `a\xFF`");
}

// A backtracking matcher would not come back from these.
TEST(Pattern, TimeIsLinearInTheText) {
  const std::string text(100000, 'a');
  EXPECT_FALSE(Fits("(a*)*b", text));
  EXPECT_FALSE(Fits("(a|aa)+$b", text));
  EXPECT_FALSE(Fits("^(.*)*(.*)*(.*)*x$", text));
}

TEST(Pattern, MemoryIsBounded) {
  EXPECT_THAT(Pattern::Compile(R"((\pL{1000}){20})").status().text(), HasSubstr("error parsing regexp: "));
  EXPECT_FALSE(Fits("[ab]{900}[^a]", std::string(5000, 'a'))) << "its state table does not fit: slower, but right";
}

}  // namespace
}  // namespace signpost::registry::filter
