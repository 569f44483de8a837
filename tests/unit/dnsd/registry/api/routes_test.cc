// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Answer Nothing(Engine& /*engine*/, const Call& /*call*/) { return EmptyAnswer(); }

std::vector<std::string> Found(const Routes& routes, std::string_view path) {
  std::vector<std::string> found;
  for (const Route* route : Match(routes, path)) {
    found.push_back(std::string(route->method) + " " + std::string(route->pattern));
  }
  return found;
}

TEST(RoutesTest, TheLongestPatternCounts) {
  const Routes routes = {{"GET", "/v1/query", RouteKind::kRead, Nothing},
                         {"GET", "/v1/query/*", RouteKind::kRead, Nothing},
                         {"PUT", "/v1/query/*", RouteKind::kWrite, Nothing},
                         {"GET", "/v1/query/special/*", RouteKind::kRead, Nothing},
                         {"GET", "/v1/query/special/one", RouteKind::kRead, Nothing}};
  EXPECT_THAT(Found(routes, "/v1/query"), ElementsAre("GET /v1/query"));
  EXPECT_THAT(Found(routes, "/v1/query/x"), ElementsAre("GET /v1/query/*", "PUT /v1/query/*"));
  EXPECT_THAT(Found(routes, "/v1/query/"), ElementsAre("GET /v1/query/*", "PUT /v1/query/*"));
  EXPECT_THAT(Found(routes, "/v1/query/special/x"), ElementsAre("GET /v1/query/special/*"));
  EXPECT_THAT(Found(routes, "/v1/query/special/one"), ElementsAre("GET /v1/query/special/one"));
  EXPECT_THAT(Found(routes, "/v1/querys"), IsEmpty());
}

TEST(RoutesTest, NoEndpointStandsTwice) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Route& route : AllRoutes()) {
    EXPECT_TRUE(seen.emplace(route.method, route.pattern).second) << route.method << " " << route.pattern;
    EXPECT_NE(route.handle, nullptr);
    EXPECT_TRUE(route.pattern.starts_with("/v1/")) << route.pattern;
  }
}

TEST(RoutesTest, WhatIsNoGetIsAWriteAndNeedsTheToken) {
  for (const Route& route : AllRoutes()) {
    // Refuses the method, whoever asks.
    if (route.method == "POST" && route.pattern == "/v1/query/*") continue;
    EXPECT_EQ(route.kind == RouteKind::kWrite, route.method != "GET") << route.method << " " << route.pattern;
  }
}

}  // namespace
}  // namespace signpost::registry
