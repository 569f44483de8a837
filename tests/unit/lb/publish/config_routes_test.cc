// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/config_routes.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

std::string Refusal(std::string_view routes) {
  const auto config = ReadFileConfig("", routes);
  return config.ok() ? "accepted" : config.status().text();
}

TEST(ReadRoutesTest, ReadsHttpRoutes) {
  const auto config = ReadFileConfig("", R"([
    {"host": "WEB.example.com.", "path": "/api", "service": "web", "strip": "/api", "prepend": "/v1", "send_host": "in.example"},
    {"host": "old.example.com", "redirect": 301, "to": "http://web.example.com$path"},
    {"host": "*.example.com", "service": "any"}])");
  ASSERT_TRUE(config.ok()) << config.status().text();
  ASSERT_EQ(config.value().http.size(), 3U);
  const HttpRoute& web = config.value().http[0];
  EXPECT_EQ(web.host, "web.example.com");
  EXPECT_EQ(web.path, "/api");
  EXPECT_EQ(web.service, "web");
  EXPECT_EQ(web.strip, "/api");
  EXPECT_EQ(web.prepend, "/v1");
  EXPECT_EQ(web.send_host, "in.example");
  const HttpRoute& old = config.value().http[1];
  EXPECT_EQ(old.redirect, 301);
  EXPECT_EQ(old.redirect_to, "http://web.example.com$path");
  EXPECT_EQ(config.value().http[2].host, "*.example.com");
  EXPECT_EQ(config.value().http[2].path, "/");
}

TEST(ReadRoutesTest, ReadsTcpRoutes) {
  const auto config = ReadFileConfig("", R"([
    {"tcp": 6379, "service": "redis", "accept_proxy": true},
    {"tcp": "198.18.0.1:5432", "service": "db"},
    {"sni": "DB.example.com", "tcp": 443, "service": "db"},
    {"tcp": 443, "service": "rest"}])");
  ASSERT_TRUE(config.ok()) << config.status().text();
  ASSERT_EQ(config.value().tcp.size(), 4U);
  EXPECT_EQ(config.value().tcp[0].port, 6379);
  EXPECT_EQ(config.value().tcp[0].address, "");
  EXPECT_TRUE(config.value().tcp[0].accept_proxy);
  EXPECT_EQ(config.value().tcp[1].address, "198.18.0.1:5432");
  EXPECT_EQ(config.value().tcp[1].port, 5432);
  EXPECT_EQ(config.value().tcp[2].sni, "db.example.com");
  EXPECT_EQ(config.value().tcp[3].sni, "");
}

TEST(ReadRoutesTest, RefusesWithThePathOfTheKey) {
  const struct {
    const char* routes;
    const char* text;
  } cases[] = {
      {"{}", "routes must be a list"},
      {"[1]", "routes[0] must be an object"},
      {R"([{"host": "a"}])", "routes[0] needs a service or a redirect"},
      {R"([{"service": "a"}])", "routes[0].host must be a host name without port, *.host name or *, not ''"},
      {R"([{"host": "a:80", "service": "a"}])",
       "routes[0].host must be a host name without port, *.host name or *, not 'a:80'"},
      {R"([{"host": "a.*.b", "service": "a"}])",
       "routes[0].host must be a host name without port, *.host name or *, not 'a.*.b'"},
      {R"([{"host": "a", "service": "a", "path": "x"}])",
       "routes[0].path must begin with a slash and hold no blanks, not 'x'"},
      {R"([{"host": "a", "service": "a", "strip": "/ x"}])",
       "routes[0].strip must begin with a slash and hold no blanks, not '/ x'"},
      {R"([{"host": "a", "service": "a", "redirect": 301, "to": "/"}])",
       "routes[0] has both a service and a redirect; one of them decides"},
      {R"([{"host": "a", "redirect": 304, "to": "/"}])", "routes[0].redirect must be 301, 302, 303, 307 or 308"},
      {R"([{"host": "a", "redirect": 200, "to": "/"}])", "routes[0].redirect must be 301, 302, 303, 307 or 308"},
      {R"([{"host": "a", "redirect": 4294967597, "to": "/"}])", "routes[0].redirect must be 301, 302, 303, 307 or 308"},
      {R"([{"host": "a", "redirect": 301}])",
       "routes[0].to must be where to redirect to, like https://www.example.com$path"},
      {R"([{"host": "a", "redirect": 301, "to": "http://a/\r\nX: y"}])",
       "routes[0].to must be where to redirect to, like https://www.example.com$path"},
      {R"([{"host": "a", "service": "a", "to": "/"}])", "routes[0].to needs redirect"},
      {R"([{"host": "a", "service": "a", "send_host": "a b"}])", "routes[0].send_host must be a host name"},
      {R"([{"host": "a", "servce": "a"}])", "routes[0] has the unknown key 'servce'"},
      {R"([{"tcp": 0, "service": "a"}])", "routes[0].tcp must be a whole number from 1 to 65535"},
      {R"([{"tcp": "x", "service": "a"}])", "routes[0].tcp must be a port or an address with one, not 'x'"},
      {R"([{"tcp": 80}])", "routes[0] needs a service"},
      {R"([{"sni": "a", "service": "a"}])", "routes[0] needs tcp, the port to listen at"},
      {R"([{"tcp": 80, "service": "a"}, {"tcp": 80, "service": "b"}])", "routes give port 80 to two services"},
      {R"([{"tcp": 80, "service": "a"}, {"tcp": 80, "sni": "x", "service": "b", "accept_proxy": true}])",
       "routes disagree about accept_proxy of port 80"},
  };
  for (const auto& c : cases) EXPECT_EQ(Refusal(c.routes), c.text) << c.routes;
}

TEST(IsHostPatternTest, KnowsHosts) {
  for (const char* good : {"*", "a", "*.a", "a-b.c_d.e1", "192.0.2.1", "[2001:db8::1]"})
    EXPECT_TRUE(IsHostPattern(good)) << good;
  for (const char* bad : {"", "*.", "A", "a b", "a:1", ".a", "a..b", "**", "[x]", "[::1", "a/b", "*.[::1]x"}) {
    EXPECT_FALSE(IsHostPattern(bad)) << bad;
  }
}

}  // namespace
}  // namespace signpost::lb
