// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/sni_routes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::lb {
namespace {

std::string Found(const std::vector<std::string>& hosts, std::string_view server_name) {
  std::vector<SniRoute> routes;
  routes.reserve(hosts.size());
  for (const std::string& host : hosts) routes.push_back({host, static_cast<uint32_t>(routes.size())});
  const SniRoute* const route = FindSniRoute(routes, server_name);
  return route == nullptr ? "-" : route->host + "#" + std::to_string(route->slot);
}

TEST(SniRoutesTest, TheMostExactWins) {
  struct {
    std::vector<std::string> hosts;
    std::string server_name;
    std::string found;
  } const cases[] = {
      {{"a.example"}, "a.example", "a.example#0"},
      {{"a.example"}, "b.example", "-"},
      {{"a.example", "a.example"}, "a.example", "a.example#0"},
      {{"*", "*.example", "a.example"}, "a.example", "a.example#2"},
      {{"*", "*.example", "a.example"}, "b.example", "*.example#1"},
      {{"*", "*.example", "*.b.example"}, "a.b.example", "*.b.example#2"},
      {{"*", "*.example"}, "a.b.c.example", "*.example#1"},
      {{"*.example"}, "example", "-"},
      {{"*.example"}, "an-example", "-"},
      {{"*.example"}, ".example", "-"},
      {{"*"}, "", "*#0"},
      {{"*"}, "anything", "*#0"},
      {{"", "*.x"}, "", "-"},
      {{"*.example", "*"}, "*.example", "*#1"},
      {{}, "a.example", "-"},
  };
  for (const auto& one : cases) EXPECT_EQ(Found(one.hosts, one.server_name), one.found) << one.server_name;
}

TEST(SniRoutesTest, OfTheListenerAtTheAddress) {
  const net::SocketAddress first = net::SocketAddress::Parse("192.0.2.1:443", 0).value();
  const net::SocketAddress second = net::SocketAddress::Parse("192.0.2.2:443", 0).value();
  Routes routes;
  routes.listeners = {{.address = first, .kind = ListenerKind::kSni, .sni = {{"a.example", 1}}},
                      {.address = second, .kind = ListenerKind::kSni, .sni = {{"a.example", 2}}}};
  EXPECT_EQ(FindSniRoute(routes, second, "a.example")->slot, 2U);
  EXPECT_EQ(FindSniRoute(routes, net::SocketAddress::Parse("192.0.2.3:443", 0).value(), "a.example"), nullptr);
}

}  // namespace
}  // namespace signpost::lb
