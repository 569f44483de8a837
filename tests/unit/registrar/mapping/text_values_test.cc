// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/text_values.h"

#include <gtest/gtest.h>

namespace signpost::registrar::test {
namespace {

TEST(ParseWhole, TakesDigitsUpToABound) {
  EXPECT_EQ(ParseWhole("0", 9), 0);
  EXPECT_EQ(ParseWhole("65535", 65535), 65535);
  EXPECT_EQ(ParseWhole("080", 99), 80);
  for (const char* text : {"", "65536", "-1", "+1", " 1", "1 ", "1x", "0x1", "99999999999999999999"}) {
    EXPECT_EQ(ParseWhole(text, 65535), std::nullopt) << text;
  }
}

TEST(ParseSwitch, KnowsBothSpellingsOfEach) {
  for (const char* text : {"1", "true", "TRUE", "yes", "on", " true "}) EXPECT_EQ(ParseSwitch(text), true) << text;
  for (const char* text : {"0", "false", "No", "off"}) EXPECT_EQ(ParseSwitch(text), false) << text;
  for (const char* text : {"", "2", "maybe", "truee"}) EXPECT_EQ(ParseSwitch(text), std::nullopt) << text;
}

TEST(ParseWait, TakesSecondsAndDurations) {
  EXPECT_EQ(ParseWait("0"), Millis(0));
  EXPECT_EQ(ParseWait("10"), Millis(10000));
  EXPECT_EQ(ParseWait("10s"), Millis(10000));
  EXPECT_EQ(ParseWait("250ms"), Millis(250));
  EXPECT_EQ(ParseWait("1h2m3s4ms"), Millis(3723004));
  EXPECT_EQ(ParseWait("24h"), Millis(86400000));
  for (const char* text : {"", "s", "10x", "1.5s", "-1s", "1m30", "25h", "23h61m", "999999999999999999999s"}) {
    EXPECT_EQ(ParseWait(text), std::nullopt) << text;
  }
}

TEST(MatchesPattern, StarStandsForAnything) {
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{{"", ""},
                                                                                      {"*", ""},
                                                                                      {"*", "x"},
                                                                                      {"web", "web"},
                                                                                      {"web*", "web.1"},
                                                                                      {"*.1", "web.1"},
                                                                                      {"w*b*1", "web.b.1"},
                                                                                      {"**", "a"},
                                                                                      {"*aab", "aaaab"}}) {
    EXPECT_TRUE(MatchesPattern(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{{"", "x"},
                                                                                      {"web", "web1"},
                                                                                      {"web", "we"},
                                                                                      {"web*", "we"},
                                                                                      {"*.1", "web.12"},
                                                                                      {"w*b", "WEB"},
                                                                                      {"a?", "ab"}}) {
    EXPECT_FALSE(MatchesPattern(pattern, text)) << pattern << " " << text;
  }
}

TEST(KeyName, IsUpperCase) { EXPECT_EQ(KeyName("SERVICE_", "check_http"), "SERVICE_CHECK_HTTP"); }

TEST(Trimmed, LosesBlanksAtBothEnds) {
  EXPECT_EQ(Trimmed(" \ta b\n "), "a b");
  EXPECT_EQ(Trimmed(" \t"), "");
  EXPECT_EQ(Trimmed(""), "");
}

}  // namespace
}  // namespace signpost::registrar::test
