// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/settings.h"

#include <gtest/gtest.h>

#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

using test::WireName;

TEST(ServiceRulesTest, NoRuleNoValue) {
  ServiceRules<uint32_t> rules;
  EXPECT_TRUE(rules.empty());
  EXPECT_EQ(rules.Find("web"), std::nullopt);
  rules.Set("db", 1);
  EXPECT_FALSE(rules.empty());
  EXPECT_EQ(rules.Find("web"), std::nullopt);
}

TEST(ServiceRulesTest, AnExactKeyWinsOverEveryPrefix) {
  ServiceRules<uint32_t> rules;
  rules.Set("*", 1);
  rules.Set("web", 2);
  rules.Set("web*", 3);
  EXPECT_EQ(rules.Find("web"), 2U);
  EXPECT_EQ(rules.Find("web2"), 3U);
  EXPECT_EQ(rules.Find("db"), 1U);
}

TEST(ServiceRulesTest, TheLongestPrefixWins) {
  ServiceRules<uint32_t> rules;
  rules.Set("w*", 1);
  rules.Set("web-*", 3);
  rules.Set("we*", 2);
  EXPECT_EQ(rules.Find("web-1"), 3U);
  EXPECT_EQ(rules.Find("web"), 2U);
  EXPECT_EQ(rules.Find("w"), 1U);
  EXPECT_EQ(rules.Find("v"), std::nullopt);
}

TEST(ServiceRulesTest, KeysCountInLowerCaseAndTheLastValueStays) {
  ServiceRules<uint32_t> rules;
  rules.Set("Web", 1);
  EXPECT_EQ(rules.Find("web"), 1U);
  rules.Set("WEB", 0);
  EXPECT_EQ(rules.Find("web"), 0U);
}

TEST(ServiceRulesTest, AStarInsideIsNoWildcard) {
  ServiceRules<uint32_t> rules;
  rules.Set("a*b", 1);
  EXPECT_EQ(rules.Find("axb"), std::nullopt);
  EXPECT_EQ(rules.Find("a*b"), 1U);
}

TEST(SettingsTest, DomainOfFindsTheDomainOrItsAlternative) {
  const auto settings = test::MakeSettings([](Settings& s) { s.alt_domain = WireName("alt.test"); });
  EXPECT_EQ(settings->DomainOf(WireName("web.service.consul")), &settings->domain);
  EXPECT_EQ(settings->DomainOf(WireName("consul")), &settings->domain);
  EXPECT_EQ(settings->DomainOf(WireName("web.service.alt.test")), &*settings->alt_domain);
  EXPECT_EQ(settings->DomainOf(WireName("test")), nullptr);
  EXPECT_EQ(settings->DomainOf(WireName("notconsul")), nullptr);
  EXPECT_EQ(settings->DomainOf(WireName(".")), nullptr);
}

TEST(SettingsTest, TheLongerOfTwoDomainsCounts) {
  const auto below = test::MakeSettings([](Settings& s) { s.alt_domain = WireName("alt.consul"); });
  EXPECT_EQ(below->DomainOf(WireName("web.service.alt.consul")), &*below->alt_domain);
  EXPECT_EQ(below->DomainOf(WireName("web.service.consul")), &below->domain);
  const auto above = test::MakeSettings([](Settings& s) {
    s.domain = WireName("my.consul");
    s.alt_domain = WireName("consul");
  });
  EXPECT_EQ(above->DomainOf(WireName("a.my.consul")), &above->domain);
  EXPECT_EQ(above->DomainOf(WireName("a.consul")), &*above->alt_domain);
}

}  // namespace
}  // namespace signpost::service_zone
