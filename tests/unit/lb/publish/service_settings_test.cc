// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/service_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SettingsOfTest : public ::testing::Test {
 protected:
  ServiceSettings Of(const ServiceSpec& spec, const ServiceConfig* config = nullptr) {
    warnings_.clear();
    return SettingsOf(defaults_, Service(spec).get(), config, memory_, warnings_);
  }

  ServiceSettings defaults_;
  SplitMemory memory_;
  std::vector<std::string> warnings_;
};

TEST_F(SettingsOfTest, LayersLieOnTopOfEachOther) {
  defaults_.max_fails = 2;
  defaults_.attempts = 5;
  ServiceConfig config;
  config.settings = {{"max_fails", "9"}};
  const ServiceSettings settings =
      Of({.name = "web",
          .instances = {{.address = "192.0.2.1:80", .meta = {{"lb.max_fails", "7"}, {"lb.max_conns", "3"}}}}},
         &config);
  EXPECT_EQ(settings.max_fails, 9U);
  EXPECT_EQ(settings.max_conns, 3U);
  EXPECT_EQ(settings.attempts, 5U);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(SettingsOfTest, OfTheMetaTheNewestInstanceCounts) {
  const ServiceSettings settings =
      Of({.name = "web",
          .instances = {{.address = "192.0.2.1:80", .meta = {{"lb.max_fails", "7"}}, .modified = 9},
                        {.address = "192.0.2.2:80", .meta = {{"lb.max_fails", "8"}}, .modified = 10},
                        {.address = "192.0.2.3:80", .meta = {{"lb.max_fails", "6"}}, .modified = 8}}});
  EXPECT_EQ(settings.max_fails, 8U);
}

TEST_F(SettingsOfTest, BadMetaIsLeftOutWithAWarning) {
  const ServiceSettings settings = Of({.name = "web",
                                       .instances = {{.address = "192.0.2.1:80",
                                                      .meta = {{"lb.max_fails", "x"},
                                                               {"lb.nonsense", "1"},
                                                               {"lb.max_conns", "3"},
                                                               {"lb.version", "v2"},
                                                               {"version", "v2"}}}}});
  EXPECT_EQ(settings.max_fails, defaults_.max_fails);
  EXPECT_EQ(settings.max_conns, 3U);
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_THAT(warnings_[0], HasSubstr("service 'web': its meta 'lb.max_fails' is not used: max_fails must be"));
  EXPECT_THAT(warnings_[1], HasSubstr("service 'web': its meta 'lb.nonsense' is not used: unknown setting"));
}

TEST_F(SettingsOfTest, ABrokenPolicyKeepsTheLastValidOneK07) {
  const std::string good = R"({"split": "v1:95,v2:5"})";
  const VersionSplit split = Of({.name = "web", .policy = good}).split;
  EXPECT_EQ(split.shares.size(), 2U);
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(Of({.name = "web", .policy = "{broken"}).split, split);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("service 'web': its policy is not used"));
  EXPECT_TRUE(Of({.name = "web"}).split.empty()) << "K10: deleted";
  EXPECT_TRUE(Of({.name = "web", .policy = "{broken"}).split.empty()) << "nothing valid since";
}

TEST_F(SettingsOfTest, AnyInstancesSplitCountsTheNewestFirst) {
  const InstanceSpec plain{.address = "192.0.2.3:80", .modified = 99};
  const InstanceSpec old_split{.address = "192.0.2.1:80", .meta = {{"lb.split", "v1:50,v2:50"}}, .modified = 5};
  InstanceSpec new_split{.address = "192.0.2.2:80", .meta = {{"lb.split", "v1:90,v2:10"}}, .modified = 6};
  const VersionSplit split = Of({.name = "web", .instances = {plain, old_split, new_split}}).split;
  EXPECT_EQ(split.shares, ParseShares("v1:90,v2:10").value().shares);
  new_split.meta = {{"lb.split", "nonsense"}};
  EXPECT_EQ(Of({.name = "web", .instances = {plain, old_split, new_split}}).split, split);
  EXPECT_EQ(warnings_.size(), 1U);
  EXPECT_TRUE(Of({.name = "web", .instances = {plain}}).split.empty());
}

TEST_F(SettingsOfTest, ThePolicyBeatsTheMeta) {
  const InstanceSpec instance{.address = "192.0.2.1:80", .meta = {{"lb.split", "v1:50,v2:50"}}};
  const VersionSplit split = Of({.name = "web", .instances = {instance}, .policy = R"({"split": "v1:99,v2:1"})"}).split;
  EXPECT_EQ(split.shares, ParseShares("v1:99,v2:1").value().shares);
}

TEST_F(SettingsOfTest, AnUnknownServiceHasDefaultsAndConfig) {
  ServiceConfig config;
  config.settings = {{"max_fails", "9"}};
  EXPECT_EQ(SettingsOf(defaults_, nullptr, &config, memory_, warnings_).max_fails, 9U);
}

}  // namespace
}  // namespace signpost::lb
