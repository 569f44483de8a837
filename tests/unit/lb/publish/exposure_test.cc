// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/exposure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ExposureRules Rules() {
  ExposureRules rules;
  rules.public_domain = "example.org";
  rules.denied_ports = {80, 8600};
  return rules;
}

std::vector<std::string> Resources(const std::string& service, const std::vector<std::string>& tags,
                                   const ExposureRules& rules = Rules()) {
  std::vector<std::string> resources;
  for (const Claim& claim : ExposureOf(service, tags, rules).claims) resources.push_back(claim.resource);
  return resources;
}

TEST(ExposureOfTest, TagHttpIsAHostBelowThePublicDomain) {
  EXPECT_THAT(Resources("web", {"http"}), ElementsAre("host web.example.org")) << "C01";
  EXPECT_THAT(Resources("my_svc", {"http"}), ElementsAre("host my-svc.example.org")) << "C15";
  EXPECT_THAT(Resources("Web", {"http"}), ElementsAre("host web.example.org")) << "C14";
  EXPECT_THAT(Resources("web", {"other"}), IsEmpty());
  EXPECT_THAT(Resources("web", {}), IsEmpty());
  const Exposure exposure = ExposureOf("web", {"http"}, Rules());
  EXPECT_EQ(exposure.claims[0].tag, "http");
  EXPECT_EQ(exposure.claims[0].http.host, "web.example.org");
  EXPECT_EQ(exposure.claims[0].http.service, "web");
}

TEST(ExposureOfTest, ShortNamesAreInAddition) {
  ExposureRules rules = Rules();
  rules.short_names = true;
  EXPECT_THAT(Resources("web", {"http"}, rules), ElementsAre("host web.example.org", "host web"));
  rules.public_domain.clear();
  EXPECT_THAT(Resources("web", {"http"}, rules), IsEmpty());
}

TEST(ExposureOfTest, NamesThatAreNoLabelsAreWarnedAbout) {
  for (const char* name : {"a.b", "a b", "-a", "a_", "\xc3\xbc", ""}) {
    const Exposure exposure = ExposureOf(name, {"http"}, Rules());
    EXPECT_THAT(exposure.claims, IsEmpty()) << name;
    ASSERT_EQ(exposure.warnings.size(), 1U) << name;
    EXPECT_THAT(exposure.warnings[0], ::testing::HasSubstr("its name cannot be part of a host name"));
  }
}

TEST(ExposureOfTest, TagTcpIsThePortInTheName) {
  const struct {
    const char* id;
    const char* service;
    const char* resource;  // or the warning
  } cases[] = {
      {"C08", "redis-6379", "port 6379"},
      {"last dash counts", "a-1-65535", "port 65535"},
      {"C12", "x-80", "service 'x-80' asks for port 80, which tags may not open"},
      {"C12", "x-70000", "service 'x-70000' has tag tcp, but the number in its name is no port"},
      {"C12", "x-0", "service 'x-0' has tag tcp, but the number in its name is no port"},
      {"C12", "x-abc", "service 'x-abc' has tag tcp, but its name does not end in a dash and a port, like redis-6379"},
      {"C12", "x", "service 'x' has tag tcp, but its name does not end in a dash and a port, like redis-6379"},
      {"no digits", "x-", "service 'x-' has tag tcp, but its name does not end in a dash and a port, like redis-6379"},
      {"leading zero", "x-0443", "service 'x-0443' has tag tcp, but the number in its name is no port"},
      {"huge", "x-99999999999999999999",
       "service 'x-99999999999999999999' has tag tcp, but the number in its name is no port"},
      {"denied", "dns-8600", "service 'dns-8600' asks for port 8600, which tags may not open"},
  };
  for (const auto& c : cases) {
    const Exposure exposure = ExposureOf(c.service, {"tcp"}, Rules());
    ASSERT_EQ(exposure.claims.size() + exposure.warnings.size(), 1U) << c.id;
    EXPECT_EQ(exposure.claims.empty() ? exposure.warnings[0] : exposure.claims[0].resource, c.resource) << c.id;
  }
}

TEST(ExposureOfTest, BothTagsAreBothExposures) {
  EXPECT_THAT(Resources("redis-6379", {"http", "tcp"}), ElementsAre("host redis-6379.example.org", "port 6379"));
}

TEST(ExposureOfTest, FabioTagsAreRoutesOfTheirOwn) {
  EXPECT_THAT(Resources("web", {"urlprefix-a.example/", "urlprefix-a.example/api strip=/api",
                                "urlprefix-:1234 proto=tcp", "urlprefix-192.0.2.1:99 proto=tcp"}),
              ElementsAre("host a.example", "host a.example/api", "port 1234", "port 99"));
  EXPECT_THAT(Resources("web", {"urlprefix-a.example/", "urlprefix-A.example/"}), ElementsAre("host a.example"));
  const Exposure twice = ExposureOf("web", {"urlprefix-192.0.2.1:99 proto=tcp", "urlprefix-:99 proto=tcp"}, Rules());
  EXPECT_EQ(twice.claims.size(), 1U);
  EXPECT_THAT(twice.warnings,
              ElementsAre("service 'web' asks for port 99 at several addresses, of which the first counts"));
  const Exposure broken = ExposureOf("web", {"urlprefix-a.example/ proto=https", "urlprefix-:80 proto=tcp"}, Rules());
  EXPECT_THAT(broken.claims, IsEmpty());
  EXPECT_EQ(broken.warnings.size(), 2U);
  ExposureRules rules = Rules();
  rules.fabio_tags = false;
  EXPECT_THAT(Resources("web", {"urlprefix-a.example/"}, rules), IsEmpty());
}

}  // namespace
}  // namespace signpost::lb
