// Signpost. Apache-2.0; see LICENSE.
#include <gmock/gmock.h>

#include "tests/unit/dnsd/static_zone/static_side.h"

namespace signpost::static_zone {
namespace {

using ::testing::ElementsAre;

ZonePtr Make(std::string_view origin, bool built_in = false) {
  const auto file = dns::ReadZoneText("@ 60 SOA ns.other. h.other. 1 2 3 4 30\n@ NS ns.other.\n", "z", origin);
  return Zone::Make(origin, file.value(), built_in, nullptr).value();
}

std::string Found(const ZoneSet& zones, std::string_view name, std::string_view type = "A") {
  const Zone* zone = zones.Find(wire::Name::FromText(name).value(), test::TypeNumber(type));
  return zone == nullptr ? "none" : zone->origin().ToString();
}

TEST(ZoneSetTest, TheNearestZoneIsFound) {
  ZoneSet zones;
  zones.Add(Make("example.test"));
  zones.Add(Make("sub.example.test"));
  EXPECT_EQ(Found(zones, "example.test"), "example.test.");
  EXPECT_EQ(Found(zones, "a.b.EXAMPLE.test"), "example.test.");
  EXPECT_EQ(Found(zones, "sub.example.test"), "sub.example.test.");
  EXPECT_EQ(Found(zones, "x.sub.example.test"), "sub.example.test.");
  EXPECT_EQ(Found(zones, "xexample.test"), "none");  // W177
  EXPECT_EQ(Found(zones, "test"), "none");           // W178
  EXPECT_EQ(Found(zones, "."), "none");
  EXPECT_EQ(Found(zones, "example.org"), "none");
  zones.Add(Make("."));
  EXPECT_EQ(Found(zones, "test"), ".");
  EXPECT_EQ(Found(zones, "example.org"), ".");
  EXPECT_EQ(Found(zones, "."), ".");
}

// W176.
TEST(ZoneSetTest, DsAtTheTopOfAZoneIsItsParents) {
  ZoneSet zones;
  zones.Add(Make("example.test"));
  zones.Add(Make("sub.example.test"));
  EXPECT_EQ(Found(zones, "sub.example.test", "DS"), "example.test.");
  EXPECT_EQ(Found(zones, "x.sub.example.test", "DS"), "sub.example.test.");
  EXPECT_EQ(Found(zones, "example.test", "DS"), "example.test.");
}

TEST(ZoneSetTest, TheOperatorsZoneStandsForABuiltInOne) {
  const ZonePtr built_in = Make("local", true);
  const ZonePtr own = Make("local");
  for (const auto& order : {std::vector{built_in, own}, {own, built_in}}) {
    ZoneSet zones;
    for (const ZonePtr& zone : order) zones.Add(zone);
    EXPECT_THAT(zones.all(), ElementsAre(own));
    EXPECT_EQ(zones.Find(wire::Name::FromText("a.local").value(), 1), own.get());
  }
}

}  // namespace
}  // namespace signpost::static_zone
