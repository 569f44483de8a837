// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/zone_name.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/support/dns/question.h"
#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

// "service web tag=v1 dc=dc2 srv-only" for a name without its domain; "." is the apex.
std::string Meaning(std::string_view left_of_domain) {
  static constexpr std::string_view kKinds[] = {"apex",    "non-terminal", "datacenter", "service", "connect",
                                                "ingress", "query",        "node",       "address", "none"};
  wire::Name name;
  auto bytes = test::NameBytes(left_of_domain);
  bytes.pop_back();
  const auto domain = test::NameBytes("consul");
  bytes.insert(bytes.end(), domain.begin(), domain.end());
  if (name.Read(bytes) == 0) return "unreadable";
  ZoneNameText text;
  const ZoneName zone_name = ParseZoneName(name, name.label_count() - 1, text);
  std::string out(kKinds[static_cast<size_t>(zone_name.kind)]);
  if (zone_name.kind == NameKind::kNone) return out;
  if (!zone_name.name.empty()) out += " " + std::string(zone_name.name);
  if (!zone_name.tag.empty()) out += " tag=" + std::string(zone_name.tag);
  if (!zone_name.datacenter.empty()) out += " dc=" + std::string(zone_name.datacenter);
  if (zone_name.srv_only) out += " srv-only";
  if (zone_name.maybe_non_terminal) out += " maybe-non-terminal";
  return out;
}

TEST(ZoneNameTest, EveryFormHasItsMeaning) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "apex"},
      {"service", "non-terminal"},
      {"node", "non-terminal"},
      {"query.dc1", "non-terminal dc=dc1"},
      {"addr", "non-terminal"},
      {"dc1", "datacenter dc=dc1"},
      {"ns", "datacenter dc=ns"},
      {"a.b", "none"},
      // Services.
      {"web.service", "service web"},
      {"WEB.Service", "service web"},
      {"web.service.dc2", "service web dc=dc2"},
      {"web.service.DC2", "service web dc=dc2"},
      {"web.service.x.dc2", "none"},
      {"v1.web.service", "service web tag=v1"},
      {"a.b.c.web.service.dc1", "service web tag=a.b.c dc=dc1"},
      {"_web.service", "service _web"},
      {"_web._tcp.service", "service web"},
      {"_web._tcp.service.dc2", "service web dc=dc2"},
      {"_web._udp.service", "service web tag=udp"},
      {"_web._v1.service", "service web tag=v1"},
      {"web._tcp.service", "service _tcp tag=web"},
      {"_web.tcp.service", "service tcp tag=_web"},
      {"x._web._tcp.service", "service _tcp tag=x._web"},
      {"_tcp.service", "service _tcp maybe-non-terminal"},
      {"_udp.service", "service _udp"},
      // Without the keyword: SRV only.
      {"_web._tcp", "service web srv-only"},
      {"_web._v1", "service web tag=v1 srv-only"},
      {"_web._tcp.dc2", "service web dc=dc2 srv-only"},
      {"a._web._tcp", "service _tcp tag=a._web srv-only"},
      {"_web", "service _web srv-only"},
      {"_tcp", "service _tcp srv-only maybe-non-terminal"},
      {"_tcp.dc2", "service _tcp dc=dc2 srv-only maybe-non-terminal"},
      {"_web._tcp.x.dc2", "none"},
      // The right-most keyword decides.
      {"service.service", "service service"},
      {"foo.node.service", "service node tag=foo"},
      {"service.node", "node service"},
      {"_web._tcp.node", "node _web._tcp"},
      {"node.query", "query node"},
      {"web.service.node.dc1", "node web.service dc=dc1"},
      // Connect and ingress: labels on the left are ignored.
      {"web.connect", "connect web"},
      {"a.b.web.connect.dc2", "connect web dc=dc2"},
      {"web.ingress", "ingress web"},
      {"x.web.ingress", "ingress web"},
      // Nodes and queries: all labels.
      {"n1.node", "node n1"},
      {"a.B.c.node.dc1", "node a.b.c dc=dc1"},
      {"my.query.query", "query my.query"},
      {"q.query.dc2", "query q dc=dc2"},
      {"_q._tcp.query", "query _q._tcp"},
      // Addresses: one label, checked later.
      {"0a000001.addr", "address 0a000001"},
      {"0A000001.addr.dc1", "address 0a000001 dc=dc1"},
      {"xyz.addr", "address xyz"},
      {"x.0a000001.addr", "none"},
      {"0a000001.addr.x.y", "none"},
      // Bytes that no host name has.
      {"we\\032b.service", "service we b"},
      {"a\\.b.service", "none"},
      {"x.a\\.b.node", "none"},
      {"a\\.b", "datacenter dc=a.b"},
      {"\\000.node", "node "},
  };
  for (const auto& [name, meaning] : kCases) {
    std::string expected = meaning;
    if (std::string_view(name) == "\\000.node") expected += std::string(1, '\0');
    EXPECT_EQ(Meaning(name), expected) << name;
  }
}

TEST(ZoneNameTest, TheLongestNameFits) {
  std::string labels;
  for (int i = 0; i < 116; ++i) labels += "a.";
  EXPECT_EQ(Meaning(labels + "web.service"), "service web tag=" + labels.substr(0, labels.size() - 1));
  EXPECT_EQ(Meaning(labels + "node"), "node " + labels.substr(0, labels.size() - 1));
}

}  // namespace
}  // namespace signpost::service_zone
