// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/routes.h"

#include <gtest/gtest.h>

#include <array>

namespace signpost::resolver {
namespace {

wire::Name Named(const char* text) {
  wire::Name name;
  if (*text == '\0') {
    const std::array<uint8_t, 1> root{};
    (void)name.Read(root);
    return name;
  }
  return wire::Name::FromText(text).value();
}

Route To(const char* zone, uint32_t id) {
  return {.zone = Named(zone), .upstreams = {net::SocketAddress::Parse("192.0.2.1", 53).value()}, .id = id};
}

uint32_t Found(const Routes& routes, const char* name) {
  const Route* route = routes.Find(Named(name));
  return route == nullptr ? 0 : route->id;
}

TEST(Routes, TheLongestZoneWins) {  // F68
  const Routes routes({To("", 1), To("b.c", 2), To("a.b.c", 3)});
  EXPECT_EQ(Found(routes, "x.a.b.c"), 3U);
  EXPECT_EQ(Found(routes, "A.B.C"), 3U);
  EXPECT_EQ(Found(routes, "xa.b.c"), 2U);
  EXPECT_EQ(Found(routes, "c"), 1U);
  EXPECT_EQ(Found(routes, ""), 1U);
  EXPECT_TRUE(routes.has_default());
}

TEST(Routes, NoneForOthers) {
  const Routes routes({To("corp.example", 1)});
  EXPECT_EQ(Found(routes, "corp.example"), 1U);
  EXPECT_EQ(Found(routes, "example"), 0U);
  EXPECT_FALSE(routes.has_default());
  EXPECT_FALSE(Routes({}).has_default());
}

}  // namespace
}  // namespace signpost::resolver
