// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::string Refusal(std::string_view services, std::string_view routes = "") {
  const auto config = ReadFileConfig(services, routes);
  if (config.ok()) return "accepted";
  EXPECT_EQ(config.status().kind(), ErrorKind::kConfig);
  return config.status().text();
}

TEST(ReadFileConfigTest, NothingIsAnEmptyConfig) {
  const auto config = ReadFileConfig("", "");
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config.value().services.empty());
  EXPECT_TRUE(config.value().http.empty());
}

TEST(ReadFileConfigTest, ReadsStaticServices) {
  const auto config = ReadFileConfig(R"({
    // comments and final commas are fine
    "web": {"endpoints": ["192.0.2.1:80", {"address": "[2001:db8::1]:81", "weight": 3, "priority": 1, "version": "v2"}],
            "tags": ["HTTP"], "max_fails": 3, "fail_timeout": "4s"},
    "db": {"endpoints": ["192.0.2.7"], "port": 5432},
    "none": {"endpoints": []},
  })",
                                     "");
  ASSERT_TRUE(config.ok()) << config.status().text();
  const ServiceConfig& web = config.value().services.at("web");
  ASSERT_EQ(web.endpoints.size(), 2U);
  EXPECT_TRUE(web.is_static);
  EXPECT_EQ(web.endpoints[0].address.ToString(), "192.0.2.1:80");
  EXPECT_EQ(web.endpoints[0].version, "default");
  EXPECT_EQ(web.endpoints[1].address.ToString(), "[2001:db8::1]:81");
  EXPECT_EQ(web.endpoints[1].weight, 3U);
  EXPECT_EQ(web.endpoints[1].priority, 1U);
  EXPECT_EQ(web.endpoints[1].version, "v2");
  EXPECT_THAT(web.tags, ElementsAre("http"));
  EXPECT_THAT(web.settings, ElementsAre(Pair("max_fails", "3"), Pair("fail_timeout", "4s")));
  EXPECT_EQ(config.value().services.at("db").endpoints[0].address.ToString(), "192.0.2.7:5432");
  EXPECT_TRUE(config.value().services.at("none").is_static);
}

TEST(ReadFileConfigTest, ReadsServicesFromDns) {
  const auto config = ReadFileConfig(
      R"({"web": {"dns": "web.service.consul", "port": 8080, "versions": {"v2": "v2.web.service.consul"}, "tags": ["http"]}})",
      "");
  ASSERT_TRUE(config.ok()) << config.status().text();
  const ServiceConfig& web = config.value().services.at("web");
  EXPECT_TRUE(web.from_dns);
  EXPECT_FALSE(web.is_static);
  EXPECT_EQ(web.dns.service, "web");
  EXPECT_EQ(web.dns.name, "web.service.consul");
  EXPECT_EQ(web.dns.port, 8080);
  EXPECT_THAT(web.dns.tags, ElementsAre("http"));
  EXPECT_THAT(web.dns.versions, ElementsAre(Pair("v2", "v2.web.service.consul")));
}

TEST(ReadFileConfigTest, RefusesWithThePathOfTheKey) {
  const struct {
    const char* services;
    const char* text;
  } cases[] = {
      {"[]", "services must be an object of services by name"},
      {R"({"web": 1})", "services.web must be an object"},
      {R"({"a b": {}})", "services.a b is not a name for a service"},
      {R"({"web": {}, "web": {}})", "services.web stands twice"},
      {R"({"web": {"endpoints": "x"}})", "services.web.endpoints must be a list"},
      {R"({"web": {"endpoints": ["x"]}})",
       "services.web.endpoints[0] must be an address and port like 192.0.2.1:80, not 'x'"},
      {R"({"web": {"endpoints": [":80"]}})",
       "services.web.endpoints[0] must be an address that can be connected to, not ':80'"},
      {R"({"web": {"endpoints": [{"weight": 1}]}})", "services.web.endpoints[0] needs an address"},
      {R"({"web": {"endpoints": [{"address": "192.0.2.1:80", "weight": 65536}]}})",
       "services.web.endpoints[0].weight must be a whole number from 0 to 65535"},
      {R"({"web": {"endpoints": [{"address": "192.0.2.1:80", "wieght": 1}]}})",
       "services.web.endpoints[0] has the unknown key 'wieght'"},
      {R"({"web": {"endpoints": [], "dns": "x"}})", "services.web has both endpoints and dns; one of them decides"},
      {R"({"web": {"dns": ""}})", "services.web.dns must be a name for DNS"},
      {R"({"web": {"versions": {}}})", "services.web.versions needs dns"},
      {R"({"web": {"tags": ["http"]}})", "services.web.tags needs dns or endpoints"},
      {R"({"web": {"port": 0}})", "services.web.port must be a whole number from 1 to 65535"},
      {R"({"web": {"max_fails": {}}})", "services.web.max_fails must be a text, a number, true or false"},
  };
  for (const auto& c : cases) EXPECT_EQ(Refusal(c.services), c.text) << c.services;
  EXPECT_THAT(Refusal("{"), ::testing::StartsWith("services is not JSON: "));
  EXPECT_THAT(Refusal(R"({"web": {"max_fail": 1}})"),
              ::testing::StartsWith("services.web: unknown setting 'max_fail'"));
  EXPECT_THAT(Refusal(R"({"web": {"max_fails": "x"}})"), ::testing::StartsWith("services.web: max_fails must be"));
}

TEST(WantedServicesTest, AreThoseOfRoutesThatTheFileDoesNotProvide) {
  const auto config = ReadFileConfig(
      R"({"static": {"endpoints": []}, "dns": {"dns": "x.example"}, "tuned": {"max_fails": 3}, "unused": {"max_fails": 3}})",
      R"([{"host": "a", "service": "static"}, {"host": "b", "service": "dns"}, {"host": "c", "service": "tuned"},
          {"tcp": 6379, "service": "redis"}, {"host": "d", "redirect": 301, "to": "/"}])");
  ASSERT_TRUE(config.ok()) << config.status().text();
  EXPECT_THAT(WantedServices(config.value()), ElementsAre("redis", "tuned"));
}

}  // namespace
}  // namespace signpost::lb
