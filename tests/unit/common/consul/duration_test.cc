// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/duration.h"

#include <gtest/gtest.h>

namespace signpost::consul {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsWhatGoWrites) {
  EXPECT_EQ(ParseDuration("10s"), Nanos(seconds(10)));
  EXPECT_EQ(ParseDuration("1m30s"), Nanos(seconds(90)));
  EXPECT_EQ(ParseDuration("250ms"), Nanos(Millis(250)));
  EXPECT_EQ(ParseDuration("1.5h"), Nanos(minutes(90)));
  EXPECT_EQ(ParseDuration(".5s"), Nanos(Millis(500)));
  EXPECT_EQ(ParseDuration("3us"), Nanos(3000));
  EXPECT_EQ(ParseDuration("7ns"), Nanos(7));
  EXPECT_EQ(ParseDuration("0"), Nanos(0));
  EXPECT_EQ(ParseDuration("0s"), Nanos(0));
  EXPECT_EQ(ParseDuration("168h0m0s"), Nanos(hours(168)));
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "2", "s", "10", "10 s", "-1s", "1x", "1.2.3s", ".", ".s", "99999999999999999999s",
                           "999999999h", "10S", "1m30"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

TEST(Duration, WritesMilliseconds) { EXPECT_EQ(DurationText(Millis(61500)), "61500ms"); }

}  // namespace
}  // namespace signpost::consul
