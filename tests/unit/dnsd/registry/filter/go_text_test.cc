// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/go_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signpost::registry::filter {
namespace {

using namespace std::string_literals;

TEST(GoText, QuotesWhatCannotBeSeen) {
  const std::pair<std::string, std::string> rows[] = {
      {"", R"("")"},
      {"a b", R"("a b")"},
      {"\"\\", R"("\"\\")"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
      {"\0\x1F\x7F"s, R"("\x00\x1f\u007f")"},
      {"\xFF\xC3", R"("\xff\xc3")"},
      {"é日😀", R"("é日😀")"},
      {"\u00AD\u200B\uE000", R"("\u00ad\u200b\ue000")"},
      {"\U000E0001", R"("\U000e0001")"},
  };
  for (const auto& [text, quoted] : rows) EXPECT_EQ(Quote(text), quoted);
}

TEST(GoText, UnquotesBothKindsOfStrings) {
  const std::pair<std::string, std::string> rows[] = {
      {R"("")", ""},
      {R"("a\"")", "a\""},
      {R"("\a\b\f\n\r\t\v\\")", "\a\b\f\n\r\t\v\\"},
      {R"("\x41\xff\101\000")",
       "A\xFF"
       "A\0"s},
      {R"("\u00e9\U0001F600\ud800")", "é😀\uFFFD"},
      {R"(`a\n"`)", "a\\n\""},
      {"`a\r\nb`", "a\nb"},
  };
  for (const auto& [literal, text] : rows) EXPECT_EQ(Unquote(literal), text) << literal;
}

TEST(GoText, UnknownOrCutEscapesAreNoString) {
  for (const char* literal : {R"("\")", R"("\q")", R"("\'")", R"("\x4")", R"("\xg0")", R"("\u123")", R"("\U00110000")",
                              R"("\400")", R"("\12")", R"("\8")", "\"a\nb\"", "\"", ""})
    EXPECT_EQ(Unquote(literal), std::nullopt) << literal;
}

TEST(GoText, ReadsNumbersOfAnyBase) {
  const std::pair<const char*, int64_t> rows[] = {{"0", 0},
                                                  {"-0", 0},
                                                  {"+7", 7},
                                                  {"00", 0},
                                                  {"0x1F", 31},
                                                  {"-0Xff", -255},
                                                  {"017", 15},
                                                  {"0o17", 15},
                                                  {"0B101", 5},
                                                  {"1_000", 1000},
                                                  {"0x_1", 1},
                                                  {"0_7", 7},
                                                  {"-9223372036854775808", INT64_MIN},
                                                  {"9223372036854775807", INT64_MAX}};
  for (const auto& [text, number] : rows) {
    const auto read = ParseInt(text);
    ASSERT_TRUE(read.ok()) << read.status().text();
    EXPECT_EQ(read.value(), number) << text;
  }
}

TEST(GoText, SaysWhyANumberCannotBeRead) {
  const auto error = [](const char* text) { return ParseInt(text).status().text(); };
  for (const char* text :
       {"", "+", "-", "x", "1.0", "08", "0x", "0b2", "0o8", "_1", "1_", "1__0", "0_x1", " 1", "1 ", "--1"})
    EXPECT_EQ(error(text), "strconv.ParseInt: parsing " + Quote(text) + ": invalid syntax");
  for (const char* text :
       {"9223372036854775808", "-9223372036854775809", "0xfffffffffffffffff", "99999999999999999999x"})
    EXPECT_EQ(error(text), "strconv.ParseInt: parsing " + Quote(text) + ": value out of range");
}

TEST(GoText, KnowsSixWordsForEachTruth) {
  for (const char* text : {"1", "t", "T", "true", "True", "TRUE"}) EXPECT_TRUE(ParseBool(text).value()) << text;
  for (const char* text : {"0", "f", "F", "false", "False", "FALSE"}) EXPECT_FALSE(ParseBool(text).value()) << text;
  for (const char* text : {"", "2", "yes", "tRUE"})
    EXPECT_EQ(ParseBool(text).status().text(), "strconv.ParseBool: parsing " + Quote(text) + ": invalid syntax");
}

}  // namespace
}  // namespace signpost::registry::filter
