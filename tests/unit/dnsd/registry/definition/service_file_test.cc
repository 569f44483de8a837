// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/service_file.h"

#include <gtest/gtest.h>

#include <utility>

namespace signpost::registry {
namespace {

TEST(ServiceFile, DefinesServicesAndChecks) {
  const auto file = ReadServiceFile(R"(
      // what runs here
      {
        "service": {"name": "one", "port": 1, "check": {"id": "one-up", "tcp": "127.0.0.1:1", "interval": "10s"}},
        "services": [
          {"Name": "two", "ID": "two-1", "EnableTagOverride": true},
          {"name": "three", "tagged_addresses": {"lan": {"address": "10.0.0.1", "port": 2}}}, /* the last */
        ],
        "check": {"id": "disk", "name": "disk", "args": ["df"], "interval": "1m", "failures_before_critical": 2},
        "checks": [{"name": "of two", "service_id": "two-1", "ttl": "30s", "deregister_critical_service_after": "2m"}],
      })");
  ASSERT_TRUE(file.ok()) << file.status().text();
  const auto& services = file.value().services;
  ASSERT_EQ(services.size(), 3U);
  EXPECT_EQ(services[0].service.id, "one");
  EXPECT_EQ(services[0].checks.at(0).check_id, "one-up");
  EXPECT_EQ(services[1].service.id, "two-1");
  EXPECT_TRUE(services[1].service.enable_tag_override);
  EXPECT_EQ(services[2].service.tagged_addresses.size(), 1U);
  const auto& checks = file.value().checks;
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].check_id, "disk");
  EXPECT_EQ(checks[0].run->failures_before_critical, 2);
  EXPECT_EQ(checks[1].service_id, "two-1");
  EXPECT_EQ(checks[1].run->ttl, std::chrono::seconds(30));
}

TEST(ServiceFile, NamesTheEntryThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"service": {"name": "web", "prot": 1}})", R"(service "web": unknown key "prot")"},
      {R"({"service": {"name": "web", "port": "80"}})",
       R"(service "web": "port" must be a whole number, not a value of type string)"},
      {R"({"service": {"name": "web", "check": {"ttl": 5, "tcp": 1}}})",
       R"(service "web": "check.tcp" must be a string, not a value of type number)"},
      {R"({"services": [{"name": "a"}, {"port": 1}]})", "services[1]: Missing service name"},
      {R"({"services": [{"name": "a"}, 5]})", "services[1] must be an object"},
      {R"({"services": {"name": "a"}})", R"("services" must be a list, not a value of type object)"},
      {R"({"service": {"name": "web", "meta": {"a b": "1"}}})",
       R"(service "web": Invalid Service Meta: Couldn't load metadata pair ('a b', '1'): Key contains invalid )"
       R"(characters)"},
      {R"({"service": {"name": "web", "checks": [{"http": "http://x"}]}})",
       R"(service "web": Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks)"},
      {R"({"check": {"name": "c"}})", R"(check "c": Invalid check: TTL must be > 0 for TTL checks)"},
      {R"({"checks": [{"name": "c", "ttl": "1"}]})", R"(checks[0] "c": time: missing unit in duration "1")"},
      {R"({"service": {"name": "consul"}})", R"(service "consul": the registry itself uses this ID)"},
      {R"({"check": {"name": "serfHealth", "ttl": "1s"}})", R"(check "serfHealth": the registry itself uses this ID)"},
      {R"({"sevice": {}})", R"(unknown key "sevice")"},
      {"[]", R"(a service file must be an object with "service", "services", "check" or "checks")"},
  };
  for (const auto& [text, error] : cases) {
    const auto file = ReadServiceFile(text);
    ASSERT_FALSE(file.ok()) << text;
    EXPECT_EQ(file.status().text(), error) << text;
    EXPECT_EQ(file.status().kind(), ErrorKind::kConfig);
  }
}

TEST(ServiceFile, TellsWhereBadJsonIs) {
  const auto file = ReadServiceFile("{\n  \"service\": {]\n}");
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.status().text().find("line 2"), std::string::npos) << file.status().text();
}

}  // namespace
}  // namespace signpost::registry
