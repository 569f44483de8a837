// Signpost. Apache-2.0; see LICENSE.
#include "common/json/utf8.h"

#include <gtest/gtest.h>

namespace signpost::json {
namespace {

TEST(Utf8, AcceptsTheEdgesOfEveryLength) {
  for (const std::string_view text : {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(RepairUtf8(text), text);
  }
}

TEST(Utf8, RefusesAndRepairsTheRest) {
  struct Case {
    std::string_view text;
    std::string_view repaired;
  };
  const Case cases[] = {
      {"\x80", "\uFFFD"},                                // a continuation byte alone
      {"\xC3", "\uFFFD"},                                // cut short
      {"\xC0\xAF", "\uFFFD\uFFFD"},                      // overlong
      {"\xE0\x9F\xBF", "\uFFFD\uFFFD\uFFFD"},            // overlong
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // above U+10FFFF
      {"\xF5", "\uFFFD"},
      {"\xE2\x82"
       "a",
       "\uFFFD\uFFFD"
       "a"},
      {"a\xffz\xC3\xA9", "a\uFFFDz\xC3\xA9"},
  };
  for (const auto& [text, repaired] : cases) {
    EXPECT_FALSE(IsUtf8(text)) << text;
    EXPECT_EQ(RepairUtf8(text), repaired);
    EXPECT_TRUE(IsUtf8(RepairUtf8(text)));
  }
}

}  // namespace
}  // namespace signpost::json
