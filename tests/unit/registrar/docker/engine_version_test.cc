// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_version.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

TEST(EngineVersionTest, VersionsAreTwoNumbers) {
  EXPECT_EQ(ParseApiVersion("1.41"), (ApiVersion{1, 41}));
  EXPECT_LT(ParseApiVersion("1.9"), ParseApiVersion("1.10"));
  for (const char* text : {"", "1", "1.", ".1", "1.4.1", "1.x", "-1.2", "1.-2", "1.99999", " 1.2"}) {
    EXPECT_FALSE(ParseApiVersion(text)) << text;
  }
  EXPECT_EQ(ApiVersionText({1, 24}), "1.24");
}

// Case 114 and the negotiation rule: never a fixed version.
TEST(EngineVersionTest, TheSmallerOfOursAndTheEngines) {
  struct Case {
    const char *pinned, *min, *max, *chosen;
  };
  for (const Case& c : {
           Case{"", "1.12", "1.41", "1.41"},
           Case{"", "1.44", "1.52", "1.47"},
           Case{"", "1.47", "1.52", "1.47"},
           Case{"", "", "1.41", "1.41"},
           Case{"", "", "", "1.47"},
           Case{"", "rubbish", "rubbish", "1.47"},
           Case{"1.40", "1.12", "1.41", "1.40"},
           Case{"1.49", "1.44", "1.52", "1.49"},
       }) {
    const auto chosen = ChooseApiVersion(c.pinned, c.min, c.max);
    ASSERT_TRUE(chosen.ok()) << chosen.status().text();
    EXPECT_EQ(ApiVersionText(chosen.value()), c.chosen) << c.pinned << " " << c.min << " " << c.max;
  }
}

TEST(EngineVersionTest, WithoutACommonOneItSaysWhatToDo) {
  struct Case {
    const char *pinned, *min, *max, *says;
  };
  for (const Case& c : {
           Case{"", "1.48", "1.52", "upgrade registrar"},
           Case{"", "1.12", "1.20", "upgrade the engine"},
           Case{"1.11", "1.12", "1.41", "unset it"},
           Case{"1.42", "1.12", "1.41", "unset it"},
           Case{"new", "1.12", "1.41", "such as 1.41"},
       }) {
    const auto chosen = ChooseApiVersion(c.pinned, c.min, c.max);
    EXPECT_EQ(chosen.status().kind(), ErrorKind::kConfig);
    EXPECT_NE(chosen.status().text().find(c.says), std::string::npos) << chosen.status().text();
  }
}

}  // namespace
}  // namespace signpost::registrar
