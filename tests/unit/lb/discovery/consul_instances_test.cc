// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_instances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using consul::Health;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

consul::ServiceInstance Registered(const std::string& address, uint16_t port = 80, Health health = Health::kPassing) {
  consul::ServiceInstance instance;
  auto node = std::make_shared<consul::Node>();
  node->name = "n1";
  node->address = "192.0.2.99";
  instance.node = node;
  instance.id = "web-1";
  instance.service = "web";
  instance.address = address;
  instance.port = port;
  instance.health = health;
  instance.weights = {10, 2};
  return instance;
}

ConsulInstances Read(const std::vector<consul::ServiceInstance>& all, bool exact = true, bool use_warning = true) {
  return ReadConsulInstances(all, "web", exact, use_warning);
}

TEST(ReadConsulInstancesTest, TakesTheAddressOrTheNodes) {
  const struct {
    const char* id;
    const char* address;
    const char* read;
  } cases[] = {
      {"IPv4", "192.0.2.1", "192.0.2.1:80"},
      {"C07", "", "192.0.2.99:80"},
      {"IPv6", "2001:db8::1", "[2001:db8::1]:80"},
      {"IPv6 in brackets", "[2001:db8::1]", "[2001:db8::1]:80"},
      {"host name", "web.example", "web-1 has no IP address"},
      {"with a port of its own", "192.0.2.1:81", "web-1 has no IP address"},
      {"wildcard", "0.0.0.0", "web-1 has no IP address"},
      {"nonsense", "]:[", "web-1 has no IP address"},
  };
  for (const auto& c : cases) {
    const ConsulInstances found = Read({Registered(c.address)});
    ASSERT_EQ(found.instances.size() + found.skipped.size(), 1U) << c.id;
    EXPECT_EQ(found.instances.empty() ? found.skipped[0] : found.instances[0].address.ToString(), c.read) << c.id;
  }
  EXPECT_THAT(Read({Registered("192.0.2.1", 0)}).skipped, ElementsAre("web-1 has no port"));
}

TEST(ReadConsulInstancesTest, ChecksDecideAboutTheWeight) {
  const struct {
    const char* id;
    Health health;
    bool use_warning;
    uint32_t weight;
  } cases[] = {
      {"C06", Health::kPassing, true, 10},
      {"C04", Health::kWarning, true, 2},
      {"warnings are not used", Health::kWarning, false, kUnusableWeight},
      {"unknown status", Health::kOther, true, 1},
      {"C03", Health::kCritical, true, kUnusableWeight},
      {"C05", Health::kMaintenance, true, kUnusableWeight},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Read({Registered("192.0.2.1", 80, c.health)}, true, c.use_warning).instances[0].weight, c.weight) << c.id;
  }
}

TEST(ReadConsulInstancesTest, KeepsWhatLbReads) {
  consul::ServiceInstance first = Registered("192.0.2.1");
  first.tags = {"HTTP", "v=V2", "urlprefix-Host/Path"};
  first.meta = {{"version", "v3"}, {"other", "x"}, {"lb.max_fails", "3"}};
  first.create_index = 12;
  first.modify_index = 40;
  consul::ServiceInstance second = Registered("192.0.2.2", 80, Health::kCritical);
  second.tags = {"tcp", "http"};
  second.create_index = 9;
  const ConsulInstances found = Read({first, second});
  EXPECT_THAT(found.instances[0].tags, ElementsAre("http", "v=v2", "urlprefix-Host/Path"));
  EXPECT_THAT(found.instances[0].meta, ElementsAre(Pair("lb.max_fails", "3"), Pair("version", "v3")));
  EXPECT_EQ(found.instances[0].version, "v3");
  EXPECT_EQ(found.instances[0].modified, 40U);
  EXPECT_EQ(found.instances[0].id, "web-1");
  EXPECT_THAT(found.tags, ElementsAre("http", "tcp", "urlprefix-Host/Path", "v=v2"));
  EXPECT_EQ(found.create_index, 9U);
}

TEST(ReadConsulInstancesTest, LetterCaseTellsServicesApart) {
  consul::ServiceInstance upper = Registered("192.0.2.1");
  upper.service = "Web";
  EXPECT_THAT(Read({upper}).instances, IsEmpty()) << "C14";
  EXPECT_EQ(Read({upper}, false).instances.size(), 1U) << "wanted by name: whatever its case";
  EXPECT_EQ(Read({upper, Registered("192.0.2.2")}, false).instances.size(), 1U);
}

TEST(IsExposureTagTest, KnowsThem) {
  for (const char* tag : {"http", "tcp", "urlprefix-/"}) EXPECT_TRUE(IsExposureTag(tag)) << tag;
  for (const char* tag : {"https", "", "HTTP", "urlprefix"}) EXPECT_FALSE(IsExposureTag(tag)) << tag;
}

}  // namespace
}  // namespace signpost::lb
