// Signpost. Apache-2.0; see LICENSE.
#include "lb/route/routes.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/dns/allocation_count.h"

namespace signpost::lb {
namespace {

std::string Fold(std::string_view host, size_t capacity = 255) {
  std::vector<char> buffer(capacity);
  return std::string(FoldHost(host, buffer));
}

HttpRoute Route(const std::string& host, const std::string& path, const std::string& service) {
  HttpRoute route;
  route.host = host;
  route.path = path;
  route.service = service;
  return route;
}

std::string Found(const HttpRouteTable& table, std::string_view host, std::string_view path = "/") {
  const HttpRoute* route = table.Find(host, path);
  return route == nullptr ? "-" : route->service;
}

TEST(FoldHostTest, DropsPortAndFinalDotAndLowersLetters) {
  const struct {
    const char* id;
    const char* host;
    const char* folded;
  } cases[] = {
      {"H52", "WEB.Example.ORG.:80", "web.example.org"},
      {"plain", "web.example.org", "web.example.org"},
      {"port", "web:8080", "web"},
      {"port without digits", "web:", "web"},
      {"dot", "web.", "web"},
      {"IPv4", "192.0.2.1:80", "192.0.2.1"},
      {"IPv6", "[2001:DB8::1]:80", "[2001:db8::1]"},
      {"IPv6 without port", "[::1]", "[::1]"},
      {"open bracket", "[::1", "["},
      {"only a dot", ".", ""},
      {"only a port", ":80", ""},
      {"H46", "", ""},
      {"bytes above ASCII stay", "B\xc3\x9c", "b\xc3\x9c"},
  };
  for (const auto& c : cases) EXPECT_EQ(Fold(c.host), c.folded) << c.id;
}

TEST(FoldHostTest, WhatDoesNotFitIsEmpty) {
  EXPECT_EQ(Fold(std::string(255, 'A')), std::string(255, 'a'));
  EXPECT_EQ(Fold(std::string(255, 'a') + ".:80"), std::string(255, 'a'));
  EXPECT_EQ(Fold(std::string(256, 'a')), "");
  EXPECT_EQ(Fold("abcd", 3), "");
}

TEST(HttpRouteTableTest, TheMostExactHostThenTheLongestPathWins) {
  const HttpRouteTable table({
      Route("web.example", "/", "web"),
      Route("web.example", "/api", "api"),
      Route("web.example", "/api/v2", "api2"),
      Route("*.example", "/", "any-example"),
      Route("*.deep.example", "/", "any-deep"),
      Route("half.example", "/only", "half"),
      Route("*", "/health", "health"),
  });
  const struct {
    const char* id;
    const char* host;
    const char* path;
    const char* service;
  } cases[] = {
      {"exact", "web.example", "/", "web"},
      {"H52", "WEB.Example.:80", "/x", "web"},
      {"longer path", "web.example", "/api/x", "api"},
      {"longest path", "web.example", "/api/v2/x", "api2"},
      {"prefix byte for byte, as nginx", "web.example", "/apix", "api"},
      {"paths keep their case", "web.example", "/API", "web"},
      {"wildcard", "other.example", "/", "any-example"},
      {"wildcard over two labels", "a.b.example", "/", "any-example"},
      {"longest parent first", "a.deep.example", "/", "any-deep"},
      {"a wildcard is not its parent", "example", "/", "-"},
      {"exact host without a fitting path", "half.example", "/x", "any-example"},
      {"exact host with it", "half.example", "/only", "half"},
      {"any host by path", "elsewhere", "/health/x", "health"},
      {"H54", "elsewhere", "/", "-"},
      {"H53", "", "/health", "health"},
      {"H53 without default", "", "/", "-"},
      {"the pattern itself is no host", "*", "/", "-"},
      {"nor is its wildcard", "*.deep.example", "/", "any-deep"},
      {"a leading dot", ".example", "/", "-"},
      {"dots only", "...", "/", "-"},
      {"asterisk form", "web.example", "*", "-"},
  };
  for (const auto& c : cases) EXPECT_EQ(Found(table, c.host, c.path), c.service) << c.id;
}

TEST(HttpRouteTableTest, OfEqualRoutesTheFirstWins) {
  const HttpRouteTable table({Route("a", "/x", "first"), Route("a", "/x", "second"), Route("a", "/", "all")});
  EXPECT_EQ(Found(table, "a", "/x"), "first");
  EXPECT_EQ(table.routes().size(), 2U);
}

TEST(HttpRouteTableTest, AnEmptyTableFindsNothing) { EXPECT_EQ(Found(HttpRouteTable(), "a"), "-"); }

TEST(HttpRouteTableTest, FindsAmongManyHostsWithoutAllocation) {
  std::vector<HttpRoute> routes;
  for (int i = 0; i < 10000; ++i) routes.push_back(Route("host-" + std::to_string(i) + ".example", "/", "s"));
  routes.push_back(Route("*.wild.example", "/", "wild"));
  const HttpRouteTable table(std::move(routes));
  const std::string long_name = std::string(240, 'X') + ".wild.example";
  const size_t before = test::AllocationCount();
  const HttpRoute* exact = table.Find("HOST-9999.example.:80", "/x");
  const HttpRoute* wild = table.Find(long_name, "/");
  const HttpRoute* none = table.Find("host-10000.example", "/");
  EXPECT_EQ(test::AllocationCount(), before);
  ASSERT_NE(exact, nullptr);
  EXPECT_EQ(exact->host, "host-9999.example");
  ASSERT_NE(wild, nullptr);
  EXPECT_EQ(wild->service, "wild");
  EXPECT_EQ(none, nullptr);
}

}  // namespace
}  // namespace signpost::lb
