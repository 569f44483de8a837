// Signpost. Apache-2.0; see LICENSE.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dnsd/resolver/reply.h"
#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

TEST(ReplyRulesTest, TheLongestZoneSaysWhoseANameIs) {
  const auto name = [](const char* text) { return Ask(text, "A").name; };
  const ReplyRules rules{
      .own_zones = {name("corp.test"), name("ours.routed.corp.test"), name("both.example")},
      .routed = {name("routed.corp.test"), name("route.example"), name("both.example")},
  };
  const std::pair<const char*, Holder> cases[] = {
      {"corp.test", Holder::kOurs},
      {"A.Corp.Test", Holder::kOurs},
      {"xcorp.test", Holder::kPublic},
      {"test", Holder::kPublic},
      {"routed.corp.test", Holder::kRoute},
      {"a.routed.corp.test", Holder::kRoute},
      {"a.ours.routed.corp.test", Holder::kOurs},
      {"a.route.example", Holder::kRoute},
      {"a.both.example", Holder::kOurs},
  };
  const auto holder = [&](const char* met, const char* asked) {
    const std::string bytes = WireName(met);
    return HolderOf({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, name(asked), rules);
  };
  for (const auto& [met, expected] : cases) EXPECT_EQ(holder(met, "www.example.com"), expected) << met;
  EXPECT_EQ(holder("B.corp.test", "a.sub.corp.test"), Holder::kSame);
  EXPECT_EQ(holder("b.route.example", "route.example"), Holder::kSame);
  EXPECT_EQ(holder("b.corp.test", "a.routed.corp.test"), Holder::kOurs) << "the route is not the zone";
  EXPECT_EQ(holder("b.route.example", "a.corp.test"), Holder::kRoute);
}

TEST(ReplyRulesTest, PrivateAddressesAreForNamesThatAreAllowed) {
  const ReplyRules rules{.rebind_protection = true, .rebind_allowed = {Ask("corp.example", "A").name}};
  EXPECT_TRUE(MayBePrivate(Ask("corp.example", "A"), rules));
  EXPECT_TRUE(MayBePrivate(Ask("a.b.Corp.Example", "A"), rules));
  EXPECT_FALSE(MayBePrivate(Ask("xcorp.example", "A"), rules));
  EXPECT_FALSE(MayBePrivate(Ask("example", "A"), rules));
  EXPECT_TRUE(MayBePrivate(Ask("example", "A"), {})) << "not asked for";
}

}  // namespace
}  // namespace signpost::resolver
