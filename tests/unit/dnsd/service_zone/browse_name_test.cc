// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/browse_name.h"

#include <gtest/gtest.h>

#include "tests/support/dns/question.h"

namespace signpost::service_zone {
namespace {

// "instance web tcp label=a.b type@1 domain@3" for a name below "consul", own datacenter dc1; "-" for none.
std::string Meaning(std::string_view name_text) {
  static constexpr std::string_view kKinds[] = {"-", "parent", "domains", "types", "type", "sub-type", "instance"};
  wire::Name name;
  EXPECT_NE(name.Read(test::NameBytes(name_text)), 0U);
  const size_t labels = name.label_count() - 1;
  const BrowseName browse = ParseBrowseName(name, labels, "dc1");
  if (browse.kind == BrowseName::Kind::kNone) return "-";
  EXPECT_TRUE(MayBeBrowseName(name, labels)) << name_text;
  std::string out(kKinds[static_cast<size_t>(browse.kind)]);
  if (!browse.service.empty()) out += " " + std::string(browse.service) + (browse.udp ? " udp" : " tcp");
  if (!browse.tag.empty()) out += " tag=" + std::string(browse.tag);
  if (!browse.instance.empty()) out += " label=" + std::string(browse.instance);
  if (!browse.service.empty()) out += " type@" + std::to_string(browse.type_at);
  out += " domain@" + std::to_string(browse.domain_at);
  return browse.below_service ? out : out + " bare";
}

TEST(BrowseNameTest, EveryFormHasItsMeaning) {
  const std::pair<const char*, const char*> kCases[] = {
      {"_services._dns-sd._udp.service.consul", "types domain@3"},
      {"_services._dns-sd._udp.service.dc1.consul", "types domain@3"},
      {"_Services._DNS-SD._UDP.Service.DC1.consul", "types domain@3"},
      {"b._dns-sd._udp.consul", "domains domain@3 bare"},
      {"db._dns-sd._udp.service.consul", "domains domain@3"},
      {"r._dns-sd._udp.service.dc1.consul", "domains domain@3"},
      {"dr._dns-sd._udp.consul", "domains domain@3 bare"},
      {"lb._dns-sd._udp.consul", "domains domain@3 bare"},
      {"_dns-sd._udp.consul", "parent domain@2 bare"},
      {"_udp.consul", "parent domain@1 bare"},
      {"_udp.service.consul", "parent domain@1"},
      {"_dns-sd._udp.service.dc1.consul", "parent domain@2"},
      {"_web._tcp.service.consul", "type web tcp type@0 domain@2"},
      {"_web._udp.service.dc1.consul", "type web udp type@0 domain@2"},
      {"_v1._sub._web._tcp.service.consul", "sub-type web tcp tag=v1 type@2 domain@4"},
      {"_v1\\.2._sub._web._tcp.service.consul", "sub-type web tcp tag=v1.2 type@2 domain@4"},
      {"web-1._web._tcp.service.consul", "instance web tcp label=web-1 type@1 domain@3"},
      {"a\\.b._web._tcp.service.dc1.consul", "instance web tcp label=a.b type@1 domain@3"},
      {"_sub._web._tcp.service.consul", "instance web tcp label=_sub type@1 domain@3"},
      {"service._web._tcp.service.consul", "instance web tcp label=service type@1 domain@3"},
  };
  for (const auto& [name, meaning] : kCases) EXPECT_EQ(Meaning(name), meaning) << name;
}

TEST(BrowseNameTest, OtherNamesHaveNone) {
  for (const char* name : {"consul",
                           "service.consul",
                           "web.service.consul",
                           "_web.service.consul",
                           "_tcp.service.consul",
                           "_web._v1.service.consul",
                           "web._tcp.service.consul",
                           "_._tcp.service.consul",
                           "_web._tcp.consul",
                           "_services._dns-sd._udp.consul",
                           "_services._dns-sd._tcp.service.dc2.consul",
                           "x._dns-sd._udp.consul",
                           "a.b._dns-sd._udp.consul",
                           "_web._tcp.service.dc2.consul",
                           "_v1._sub._web._tcp.node.consul",
                           "v1._sub._web._tcp.service.consul",
                           "_._sub._web._tcp.service.consul",
                           "a.b.c._web._tcp.service.consul",
                           "a._x._web._tcp.service.consul",
                           "_tcp.consul",
                           "dc1.consul"}) {
    EXPECT_EQ(Meaning(name), "-") << name;
  }
}

TEST(BrowseNameTest, PlainNamesAreToldByTheirLastLabels) {
  wire::Name name;
  ASSERT_NE(name.Read(test::NameBytes("_a._b.v1.web.service.consul")), 0U);
  EXPECT_FALSE(MayBeBrowseName(name, 5));
  EXPECT_FALSE(MayBeBrowseName(name, 0));
}

}  // namespace
}  // namespace signpost::service_zone
