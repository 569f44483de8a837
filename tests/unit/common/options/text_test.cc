// Signpost. Apache-2.0; see LICENSE.
#include "common/options/text.h"

#include <gtest/gtest.h>

namespace signpost::options {
namespace {

TEST(Duration, ReadsWholeNumbersWithUnits) {
  const std::pair<std::string_view, int64_t> cases[] = {
      {"0s", 0},         {"10s", 10'000},       {"500ms", 500},        {"1m30s", 90'000},
      {"2h", 7'200'000}, {"168h", 604'800'000}, {"1h0m1ms", 3'600'001}};
  for (const auto& [text, millis] : cases) EXPECT_EQ(ParseDuration(text), Millis(millis)) << text;
}

TEST(Duration, RefusesTheRest) {
  for (const std::string_view text : {"", "10", "s", "10x", "-1s", "1.5s", " 1s", "1s ", "1 s", "10S", "1ss", "1s2",
                                      "99999999999999999999s", "9223372036854775807h", "9223372036854775807ms1ms"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

TEST(Duration, FormatIsReadBack) {
  for (const int64_t millis : {0L, 1L, 999L, 1000L, 90'000L, 3'600'000L, 3'661'001L, 604'800'000L}) {
    EXPECT_EQ(ParseDuration(FormatDuration(Millis(millis))), Millis(millis)) << FormatDuration(Millis(millis));
  }
  EXPECT_EQ(FormatDuration(Millis(90'000)), "1m30s");
  EXPECT_EQ(FormatDuration(Millis(604'800'000)), "168h");
}

TEST(Integer, WholeTextOrNothing) {
  EXPECT_EQ(ParseInteger("-5"), -5);
  EXPECT_EQ(ParseInteger("0"), 0);
  for (const std::string_view text : {"", "+1", "1 ", " 1", "1.0", "0x10", "9223372036854775808"}) {
    EXPECT_FALSE(ParseInteger(text).has_value()) << text;
  }
}

TEST(Assignment, SplitsAtTheLastEquals) {
  EXPECT_EQ(SplitAssignment("a=b=10s"), (std::pair<std::string_view, std::string_view>("a=b", "10s")));
  EXPECT_EQ(SplitAssignment("a="), (std::pair<std::string_view, std::string_view>("a", "")));
  EXPECT_FALSE(SplitAssignment("=10s").has_value());
  EXPECT_FALSE(SplitAssignment("a").has_value());
}

TEST(Quoted, IsShortAndOnOneLine) {
  EXPECT_EQ(Quoted("x"), "'x'");
  EXPECT_EQ(Quoted(""), "''");
  EXPECT_EQ(Quoted("a\nb\x7f"), "'a?b?'");
  EXPECT_EQ(Quoted(std::string(60, 'x')), "'" + std::string(60, 'x') + "'");
  EXPECT_EQ(Quoted(std::string(100'000, 'x')), "'" + std::string(60, 'x') + "...'");
}

TEST(EditDistance, CountsEveryKindOfSlip) {
  EXPECT_EQ(EditDistance("listen", "listen"), 0U);
  EXPECT_EQ(EditDistance("lisen", "listen"), 1U);    // left out
  EXPECT_EQ(EditDistance("lissten", "listen"), 1U);  // added
  EXPECT_EQ(EditDistance("lisden", "listen"), 1U);   // another
  EXPECT_EQ(EditDistance("litsen", "listen"), 1U);   // swapped
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("abc", ""), 3U);
}

}  // namespace
}  // namespace signpost::options
