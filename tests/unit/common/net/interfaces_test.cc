// Signpost. Apache-2.0; see LICENSE.
#include "common/net/interfaces.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "common/net/address.h"

namespace signpost::net {
namespace {

// What it is depends on the machine, and a machine may have none.
TEST(InterfacesTest, TheFirstGlobalAddressIsOneThatOthersCouldReach) {
  const std::string text = FirstGlobalAddress();
  if (text.empty()) return;
  const bool v6 = text.find(':') != std::string::npos;
  const auto address = SocketAddress::Parse(v6 ? "[" + text + "]:1" : text + ":1", 1);
  ASSERT_TRUE(address.ok()) << text;
  EXPECT_FALSE(address->is_loopback()) << text;
  EXPECT_FALSE(address->is_wildcard()) << text;
  EXPECT_FALSE(text.starts_with("169.254.") || text.starts_with("fe80:")) << text;
  EXPECT_EQ(FirstGlobalAddress(), text) << "the same each time";
}

TEST(InterfacesTest, AnInterfaceHasTheAddressThatTheListSays) {
  const std::string first = FirstGlobalAddress();
  if (first.empty()) return;
  const int family = first.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> names(if_nameindex(), if_freenameindex);
  ASSERT_NE(names, nullptr);
  bool found = false;
  for (const struct if_nameindex* each = names.get(); each->if_name != nullptr; ++each)
    found = found || AddressOfInterface(each->if_name, family) == first;
  EXPECT_TRUE(found) << first;
}

TEST(InterfacesTest, LoopbackIsNoUsableInterface) {
  EXPECT_EQ(AddressOfInterface("lo", AF_INET), "");
  EXPECT_EQ(AddressOfInterface("lo", AF_INET6), "");
  EXPECT_EQ(AddressOfInterface("no-such-interface", AF_INET), "");
  EXPECT_EQ(AddressOfInterface("", AF_INET), "");
  EXPECT_EQ(AddressOfInterface("lo", AF_UNIX), "");
}

TEST(InterfacesTest, APrefixFindsTheAddressWithinIt) {
  EXPECT_EQ(AddressInPrefix("127.0.0.0/8"), "127.0.0.1");
  EXPECT_EQ(AddressInPrefix("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(AddressInPrefix("126.0.0.0/7"), "127.0.0.1") << "a length that is no whole byte";
  EXPECT_EQ(AddressInPrefix("127.0.0.2/32"), "");
  EXPECT_EQ(AddressInPrefix("127.0.0.2/31"), "");
  EXPECT_EQ(AddressInPrefix("240.0.0.0/4"), "");
  EXPECT_EQ(AddressInPrefix("ff00::/8"), "");
  const std::string first = FirstGlobalAddress();
  if (first.empty()) return;
  EXPECT_EQ(AddressInPrefix(first), first);
  EXPECT_EQ(AddressInPrefix(first.find(':') == std::string::npos ? "0.0.0.0/0" : "::/0"), first) << "loopback is last";
}

TEST(InterfacesTest, WhatIsNoPrefixFindsNothing) {
  for (const char* text : {"", "/", "/8", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/8x", "192.0.2/24",
                           "2001:db8::/129", "host/8", "192.0.2.0/8/8", "0.0.0.0/99999999999999999999"}) {
    EXPECT_FALSE(IsPrefix(text)) << text;
    EXPECT_EQ(AddressInPrefix(text), "") << text;
  }
  for (const char* text : {"192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "192.0.2.1/32"})
    EXPECT_TRUE(IsPrefix(text)) << text;
}

// Machines without a default route have none; those with one use an address of their own.
TEST(InterfacesTest, TheRouteLeavesFromAnAddressOfThisMachine) {
  for (const int family : {AF_INET, AF_INET6}) {
    const std::string text = RouteAddress(family);
    if (text.empty()) continue;
    EXPECT_EQ(text.find(':') != std::string::npos, family == AF_INET6) << text;
    EXPECT_EQ(AddressInPrefix(text), text);
    EXPECT_FALSE(text.starts_with("127.") || text == "::1" || text.starts_with("fe80:")) << text;
  }
  EXPECT_EQ(RouteAddress(AF_UNIX), "");
}

TEST(HostAddresses, HasLoopback) {
  const auto addresses = HostAddresses();
  EXPECT_TRUE(std::ranges::any_of(addresses, [](const SocketAddress& each) { return each.is_loopback(); }));
}

}  // namespace
}  // namespace signpost::net
