// Signpost. Apache-2.0; see LICENSE.
// What bindings lead to, as "IPv4/IPv6" pairs.
#include "registrar/mapping/published.h"

#include <gmock/gmock.h>

namespace signpost::registrar::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const HostBinding kAll4{"0.0.0.0", 8080};
const HostBinding kAll6{"::", 8080};

MappingOptions Host(std::string ipv4, std::string ipv6) {
  return {.host_ipv4 = std::move(ipv4), .host_ipv6 = std::move(ipv6)};
}

const MappingOptions kBoth = Host("192.0.2.10", "2001:db8::10");

std::string Text(const std::optional<Located>& at) {
  return at ? at->address + " " + std::to_string(at->port) : std::string("-");
}

Strings Reaches(const std::vector<HostBinding>& bindings, const MappingOptions& options) {
  Strings texts;
  for (const Reach& reach : ReadBindings(bindings, options).reaches) {
    texts.push_back(Text(reach.ipv4) + " / " + Text(reach.ipv6));
  }
  return texts;
}

TEST(ReadBindings, EveryAddressIsTheHosts) {
  EXPECT_THAT(Reaches({kAll4, kAll6}, kBoth), ElementsAre("192.0.2.10 8080 / 2001:db8::10 8080"));
  EXPECT_THAT(Reaches({kAll4, kAll6}, Host("192.0.2.10", "")), ElementsAre("192.0.2.10 8080 / -"));
  EXPECT_THAT(Reaches({kAll4, kAll6}, Host("", "2001:db8::10")), ElementsAre("- / 2001:db8::10 8080"));
  EXPECT_THAT(Reaches({kAll4, kAll6}, Host("", "")), ElementsAre(" 8080 / -"));
}

TEST(ReadBindings, NoAddressMeansBothFamilies) {
  EXPECT_THAT(Reaches({{"", 8080}}, kBoth), ElementsAre("192.0.2.10 8080 / 2001:db8::10 8080"));
  EXPECT_THAT(Reaches({{"", 8080}}, Host("192.0.2.10", "")), ElementsAre("192.0.2.10 8080 / -"));
}

TEST(ReadBindings, FamilyThatTheHostLacks) {
  EXPECT_THAT(Reaches({kAll6}, Host("192.0.2.10", "")), IsEmpty());
  EXPECT_THAT(Reaches({kAll4}, Host("", "2001:db8::10")), IsEmpty());
}

TEST(ReadBindings, PairsSamePortsThenTheRest) {
  EXPECT_THAT(Reaches({{"0.0.0.0", 1}, {"0.0.0.0", 2}, {"::", 2}, {"::", 3}}, kBoth),
              ElementsAre("192.0.2.10 1 / 2001:db8::10 3", "192.0.2.10 2 / 2001:db8::10 2"));
}

TEST(ReadBindings, LoopbackOnlyWhenAllowedAndThenLast) {
  MappingOptions options = kBoth;
  const std::vector<HostBinding> bindings = {{"127.0.0.1", 8080}, {"192.0.2.11", 9090}};
  EXPECT_THAT(Reaches(bindings, options), ElementsAre("192.0.2.11 9090 / -"));
  EXPECT_TRUE(ReadBindings(bindings, options).loopback_left_out);
  options.publish_loopback = true;
  EXPECT_THAT(Reaches(bindings, options), ElementsAre("192.0.2.11 9090 / -", "127.0.0.1 8080 / -"));
  EXPECT_FALSE(ReadBindings(bindings, options).loopback_left_out);
}

TEST(ReadBindings, OneAddressStaysUnlessForced) {
  MappingOptions options = kBoth;
  options.ip_given = true;
  EXPECT_THAT(Reaches({{"192.0.2.11", 8080}}, options), ElementsAre("192.0.2.11 8080 / -"));
  options.ip_force = true;
  EXPECT_THAT(Reaches({{"192.0.2.11", 8080}, {"2001:db8::11", 8080}}, options),
              ElementsAre("192.0.2.10 8080 / 2001:db8::10 8080"));
  EXPECT_THAT(Reaches({{"127.0.0.1", 8080}}, options), IsEmpty());
  options.ip_given = false;
  EXPECT_THAT(Reaches({{"192.0.2.11", 8080}}, options), ElementsAre("192.0.2.11 8080 / -"));
}

TEST(ReadBindings, AsRegistratorTakesTheFirst) {
  MappingOptions options = Host("192.0.2.10", "");
  options.compat = Compat::kRegistrator;
  EXPECT_THAT(Reaches({{"127.0.0.1", 8080}, kAll4}, options), ElementsAre("127.0.0.1 8080 / -"));
  options.ip_given = true;
  EXPECT_THAT(Reaches({{"127.0.0.1", 8080}, kAll4}, options), ElementsAre("192.0.2.10 8080 / -"));
  EXPECT_THAT(Reaches({}, options), IsEmpty());
}

}  // namespace
}  // namespace signpost::registrar::test
