// Signpost. Apache-2.0; see LICENSE.
#include "lb/dns_options.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

DnsOptions Some() {
  DnsOptions dns;
  dns.servers.push_back(net::SocketAddress::Parse("127.0.0.1:53", 0).value());
  dns.names.push_back({.service = "web", .name = "web.example", .versions = {{"v2", "v2.web.example"}}});
  return dns;
}

TEST(SameDns, EveryDifferenceCounts) {
  EXPECT_TRUE(SameDns(Some(), Some()));
  const std::pair<const char*, void (*)(DnsOptions&)> changes[] = {
      {"server", [](DnsOptions& d) { d.servers[0].set_port(54); }},
      {"second server", [](DnsOptions& d) { d.servers.push_back(d.servers[0]); }},
      {"name", [](DnsOptions& d) { d.names[0].name = "x"; }},
      {"port", [](DnsOptions& d) { d.names[0].port = 1; }},
      {"tags", [](DnsOptions& d) { d.names[0].tags = {"http"}; }},
      {"versions", [](DnsOptions& d) { d.names[0].versions["v2"] = "y"; }},
      {"second name", [](DnsOptions& d) { d.names.push_back(d.names[0]); }},
      {"browse", [](DnsOptions& d) { d.browse = "x"; }},
      {"interval", [](DnsOptions& d) { d.min_interval = Millis(1); }},
      {"edns", [](DnsOptions& d) { d.edns_size = 600; }},
      {"ipv6", [](DnsOptions& d) { d.ipv6 = false; }},
  };
  for (const auto& [what, change] : changes) {
    DnsOptions other = Some();
    change(other);
    EXPECT_FALSE(SameDns(Some(), other)) << what;
  }
}

}  // namespace
}  // namespace signpost::lb
