// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string StatusWith(const char* key, Health health, Strings& warnings) {
  Metadata metadata;
  if (*key) metadata.Set("health", {key});
  return HealthStatus(health, metadata, {}, warnings);
}

struct Row {
  const char* key;
  const char* starting;
  const char* healthy;
  const char* unhealthy;
};

TEST(Health, IsMappedByTheKey) {
  for (const Row& row : {Row{"", "critical", "passing", "critical"}, Row{"auto", "critical", "passing", "critical"},
                         Row{"starting=warning", "warning", "passing", "critical"},
                         Row{"Unhealthy = Warning, starting=passing", "passing", "passing", "warning"},
                         Row{"off", "", "", ""}, Row{"false", "", "", ""}}) {
    Strings warnings;
    EXPECT_EQ(StatusWith(row.key, Health::kStarting, warnings), row.starting) << row.key;
    EXPECT_EQ(StatusWith(row.key, Health::kHealthy, warnings), row.healthy) << row.key;
    EXPECT_EQ(StatusWith(row.key, Health::kUnhealthy, warnings), row.unhealthy) << row.key;
    EXPECT_EQ(StatusWith(row.key, Health::kNone, warnings), "") << row.key;
    EXPECT_THAT(warnings, IsEmpty()) << row.key;
  }
}

TEST(Health, WhatIsNotUnderstoodIsSaid) {
  for (const char* key : {"starting=down", "sick=warning", "maybe"}) {
    Strings warnings;
    EXPECT_EQ(StatusWith(key, Health::kStarting, warnings), "critical") << key;
    EXPECT_THAT(warnings, ElementsAre(HasSubstr(key))) << key;
  }
}

TEST(Health, TheMirrorBeginsWithThePresentStatus) {
  Strings warnings;
  const MappingOptions options{.health_ttl = Millis(1500)};
  const auto check = MirrorHealth({.health = Health::kStarting}, "s", {}, options, warnings);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->check_id, "docker:s");
  EXPECT_EQ(check->owner, CheckOwner::kDockerHealth);
  EXPECT_EQ(check->status, "critical");
  EXPECT_EQ(check->ttl, "1500ms");
  EXPECT_FALSE(MirrorHealth({}, "s", {}, options, warnings));
}

}  // namespace
}  // namespace signpost::registrar
