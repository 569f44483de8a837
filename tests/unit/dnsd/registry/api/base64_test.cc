// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

TEST(Base64, ThereAndBack) {
  struct Case {
    std::string bytes;
    const char* text;
  };
  for (const auto& [bytes, text] : {Case{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {std::string("\0\xff\xfe\x80", 4), "AP/+gA=="}}) {
    EXPECT_EQ(Base64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes) << text;
  }
}

TEST(Base64, EveryByteSurvives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (size_t cut = 0; cut < 4; ++cut) {
    EXPECT_EQ(FromBase64(Base64(bytes.substr(cut))), bytes.substr(cut));
  }
}

TEST(Base64, LineEndsArePassedOver) { EXPECT_EQ(FromBase64("Zm\r\n9v\n"), "foo"); }

TEST(Base64, NotBase64) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Zg==Zg==", "Z=g=", "Zm9v=", "Zm 9", "Zm9-", "Zm9_", "not base64!"}) {
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace signpost::registry
