// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/setting_text.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

TEST(Time, IsReadAndWritten) {
  const std::pair<std::string_view, int64_t> cases[] = {{"0", 0},
                                                        {"10s", 10'000},
                                                        {"500ms", 500},
                                                        {"1m30s", 90'000},
                                                        {"2h", 7'200'000},
                                                        {"1h1ms", 3'600'001},
                                                        {"8760h", 365LL * 24 * 3'600'000}};
  for (const auto& [text, millis] : cases) {
    EXPECT_EQ(ParseTime(text), Millis(millis)) << text;
    EXPECT_EQ(TimeText(Millis(millis)), text);
  }
  EXPECT_EQ(ParseTime("90s"), Millis(90'000));
  EXPECT_EQ(ParseTime("0s"), Millis(0));
}

TEST(Time, RefusesTheRest) {
  for (const std::string_view text :
       {"", "10", "s", "10x", "-1s", "1.5s", " 1s", "1s ", "1S", "1s2", "8761h", "8760h1ms", "99999999999999999999s",
        "9223372036854775807h", "18446744073709551615ms"}) {
    EXPECT_FALSE(ParseTime(text).has_value()) << text;
  }
}

TEST(Whole, DigitsOnly) {
  EXPECT_EQ(ParseWhole("0"), 0U);
  EXPECT_EQ(ParseWhole("65535"), 65535U);
  for (const std::string_view text : {"", "-1", "+1", "1 ", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_FALSE(ParseWhole(text).has_value()) << text;
  }
}

TEST(Switch, TakesTheUsualWords) {
  for (const std::string_view text : {"true", "on", "yes", "1"}) EXPECT_EQ(ParseSwitch(text), true) << text;
  for (const std::string_view text : {"false", "off", "no", "0"}) EXPECT_EQ(ParseSwitch(text), false) << text;
  for (const std::string_view text : {"", "TRUE", "2"}) EXPECT_EQ(ParseSwitch(text), std::nullopt) << text;
}

TEST(Items, AreTakenOneByOne) {
  std::string_view rest = " a ,,b";
  EXPECT_EQ(Trimmed(TakeItem(rest)), "a");
  EXPECT_EQ(TakeItem(rest), "");
  EXPECT_EQ(TakeItem(rest), "b");
  EXPECT_TRUE(rest.empty());
}

TEST(FieldName, IsAToken) {
  for (const std::string_view text : {"X-User", "lbv", "a!#$%&'*+-.^_`|~9"}) EXPECT_TRUE(IsFieldName(text)) << text;
  for (const std::string_view text : {"", "a b", "a:b", "a;", "a=b", "\xc3\xa4", "a\r\n"})
    EXPECT_FALSE(IsFieldName(text)) << text;
  EXPECT_FALSE(IsFieldName(std::string(65, 'a')));
}

TEST(Visible, KeepsBreaksOut) {
  EXPECT_TRUE(IsVisible("/health?a=b", 11));
  EXPECT_FALSE(IsVisible("/health?a=b", 10));
  for (const std::string_view text : {"", "/a b", "/a\r\n", "/\x7f", "/\xc3\xa4"})
    EXPECT_FALSE(IsVisible(text, 100)) << text;
}

}  // namespace
}  // namespace signpost::lb
