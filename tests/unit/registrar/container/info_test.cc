// Signpost. Apache-2.0; see LICENSE.
#include <gtest/gtest.h>

#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

TEST(InfoTest, ARealEngine) {
  const auto info = ParseInfo(test::ReadCase("info.json"), false);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->id, "3WCG:YA5X:FCWX:DK7I:HWJZ:42AM:FFHF:EAE2:J4QG:TNDX:DCIS:HMMD");
  EXPECT_EQ(info->name, "vm");
  EXPECT_EQ(info->system_time, "2026-11-22T23:23:48.35802516Z");
  EXPECT_EQ(info->system_time_nano, 1795389828358025160);
  EXPECT_FALSE(info->podman);
}

TEST(InfoTest, PodmanHasNoLastingId) {
  const auto info = ParseInfo(R"({"ID":"6d1a1bd4-made-anew","Name":"host1"})", true);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->id, "");
  EXPECT_EQ(info->name, "host1");
  EXPECT_TRUE(info->podman);
  EXPECT_EQ(info->system_time_nano, 0);
}

TEST(InfoTest, WrongTypesAreAbsentAndWrongDocumentsRefused) {  // case 98
  const auto info = ParseInfo(R"({"ID":7,"Name":null,"SystemTime":[]})", false);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->id + info->name + info->system_time, "");
  for (const char* json : {"", "[]", "null", "OK", R"({"ID":)"})
    EXPECT_EQ(ParseInfo(json, false).status().kind(), ErrorKind::kInvalid) << json;
}

TEST(InfoTest, Times) {
  const std::pair<const char*, int64_t> rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:01Z", 1'000'000'000},
      {"1970-01-02T00:00:00Z", 86'400'000'000'000},
      {"2026-11-22T23:23:48.35802516Z", 1795389828358025160},
      {"2026-11-22T23:23:48.358025161Z", 1795389828358025161},
      {"2026-11-22T23:23:48.3580251619999Z", 1795389828358025161},
      {"2026-11-22T23:23:48.3Z", 1795389828300000000},
      {"2026-11-23T01:23:48+02:00", 1795389828000000000},
      {"2026-11-22T17:53:48.000000001-05:30", 1795389828000000001},
      {"2024-02-29T00:00:00Z", 1709164800000000000},
      {"2016-12-31T23:59:60Z", 1483228800000000000},  // a leap second is the next one
      {"0001-01-01T00:00:00Z", 0},                    // "never"
      {"9999-12-31T23:59:59Z", 0},
      {"2025-02-29T00:00:00Z", 0},
      {"2025-00-10T00:00:00Z", 0},
      {"2025-13-10T00:00:00Z", 0},
      {"2025-01-10T24:00:00Z", 0},
      {"2025-01-10T00:60:00Z", 0},
      {"2025-01-10T00:00:61Z", 0},
      {"2025-01-10T00:00:00", 0},
      {"2025-01-10T00:00:00.Z", 0},
      {"2025-01-10T00:00:00Zx", 0},
      {"2025-01-10T00:00:00+2:00", 0},
      {"2025-1-10T00:00:00Z", 0},
      {"+025-01-10T00:00:00Z", 0},
      {"2025-01-10", 0},
      {"", 0},
      {"5m", 0},
  };
  for (const auto& [text, nano] : rows) EXPECT_EQ(ParseTimeNano(text), nano) << text;
}

}  // namespace
}  // namespace signpost::registrar
