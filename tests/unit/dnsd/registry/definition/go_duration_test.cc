// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/go_duration.h"

#include <gtest/gtest.h>

#include <utility>

namespace signpost::registry {
namespace {

TEST(GoDuration, ReadsWhatGoReads) {
  const std::pair<const char*, int64_t> cases[] = {{"10s", 10'000'000'000},  {"1h30m", 5'400'000'000'000},
                                                   {"1.5s", 1'500'000'000},  {".5s", 500'000'000},
                                                   {"5.s", 5'000'000'000},   {"-1s", -1'000'000'000},
                                                   {"+1ms", 1'000'000},      {"0", 0},
                                                   {"3us", 3'000},           {"3\xc2\xb5s", 3'000},
                                                   {"3\xce\xbcs", 3'000},    {"7ns", 7},
                                                   {"1m0s", 60'000'000'000}, {"0s", 0}};
  for (const auto& [text, nanos] : cases) {
    const auto read = ParseGoDuration(text);
    ASSERT_TRUE(read.ok()) << text << ": " << read.status().text();
    EXPECT_EQ(read.value(), nanos) << text;
  }
}

TEST(GoDuration, FailsInGoWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"", R"(time: invalid duration "")"},
      {"x", R"(time: invalid duration "x")"},
      {"-", R"(time: invalid duration "-")"},
      {".s", R"(time: invalid duration ".s")"},
      {"10", R"(time: missing unit in duration "10")"},
      {"1.2.3s", R"(time: missing unit in duration "1.2.3s")"},
      {"1d", R"(time: unknown unit "d" in duration "1d")"},
      {"1s2y", R"(time: unknown unit "y" in duration "1s2y")"},
      {"99999999h", R"(time: invalid duration "99999999h")"},
      {"1\"", R"(time: unknown unit "\"" in duration "1\"")"},
  };
  for (const auto& [text, error] : cases) {
    const auto read = ParseGoDuration(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.status().text(), error);
  }
}

TEST(GoDuration, KeepsWhatIsAboveZeroAboveZero) {
  EXPECT_EQ(AtLeastMillis(1), Millis(1));
  EXPECT_EQ(AtLeastMillis(1'999'999), Millis(1));
  EXPECT_EQ(AtLeastMillis(2'000'000), Millis(2));
  EXPECT_EQ(AtLeastMillis(0), Millis(0));
  EXPECT_EQ(AtLeastMillis(-5'000'000), Millis(0));
}

}  // namespace
}  // namespace signpost::registry
