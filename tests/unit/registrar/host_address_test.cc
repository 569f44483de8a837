// Signpost. Apache-2.0; see LICENSE.
#include "registrar/host_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = AddressForm::Kind;

// A machine with two interfaces, of which the first has both families.
AddressSource Machine() {
  return {.of_interface = [](const std::string& name, int family) -> std::string {
            if (name == "eth0") return family == AF_INET ? "192.0.2.10" : "2001:db8::10";
            return name == "eth1" && family == AF_INET ? "198.51.100.10" : "";
          },
          .in_prefix = [](std::string_view prefix) -> std::string {
            if (prefix == "192.0.2.0/24") return "192.0.2.10";
            return prefix == "2001:db8::/32" ? "2001:db8::10" : "";
          },
          .by_route = [](int family) -> std::string { return family == AF_INET ? "198.51.100.10" : ""; },
          .first_global = []() -> std::string { return "192.0.2.10"; }};
}

HostAddresses Find(std::string_view text) {
  return FindHostAddresses(text.empty() ? AddressForms{} : ParseAddressForms(text).value(), Machine());
}

TEST(HostAddress, EveryFormGivesItsAddresses) {
  struct Case {
    std::string_view form, ipv4, ipv6;
  };
  const Case cases[] = {
      {"", "198.51.100.10", ""},
      {"route", "198.51.100.10", ""},
      {"192.0.2.77", "192.0.2.77", ""},
      {"2001:db8::77", "", "2001:db8::77"},
      {"192.0.2.77,2001:db8::77", "192.0.2.77", "2001:db8::77"},
      {"iface:eth0", "192.0.2.10", "2001:db8::10"},
      {"iface:eth1", "198.51.100.10", ""},
      {"iface:eth1, iface:eth0", "198.51.100.10", "2001:db8::10"},
      {"cidr:192.0.2.0/24", "192.0.2.10", ""},
      {"cidr:2001:db8::/32", "", "2001:db8::10"},
      {"iface:gone", "", ""},
      {"iface:gone,route", "198.51.100.10", ""},
  };
  for (const auto& [form, ipv4, ipv6] : cases) {
    EXPECT_EQ(Find(form).ipv4, ipv4) << form;
    EXPECT_EQ(Find(form).ipv6, ipv6) << form;
  }
}

TEST(HostAddress, WithoutARouteTheFirstGlobalAddressCounts) {
  AddressSource source = Machine();
  source.by_route = [](int) { return std::string(); };
  EXPECT_EQ(FindHostAddresses({}, source), (HostAddresses{"192.0.2.10", ""}));
  EXPECT_EQ(FindHostAddresses({{Kind::kRoute, ""}}, source), HostAddresses{});
  source.first_global = [] { return std::string("2001:db8::10"); };
  EXPECT_EQ(FindHostAddresses({}, source), (HostAddresses{"", "2001:db8::10"}));
}

TEST(HostAddress, WhatIsNoForm) {
  for (const std::string_view text : {"", ",", "eth0", "iface:", "cidr:", "cidr:192.0.2.0/33", "env:", "0.0.0.0", "::",
                                      "192.0.2.1:80", "[2001:db8::1]", "192.0.2", "http://192.0.2.1", "fe80::1%eth0"}) {
    EXPECT_FALSE(ParseAddressForms(text).ok()) << text;
  }
}

TEST(HostAddress, VariablesAreReadOnce) {
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "192.0.2.5,iface:eth0";
    if (name == "LOOP") return "env:LOOP";
    return std::nullopt;
  };
  EXPECT_THAT(WithVariables({{Kind::kVariable, "A"}, {Kind::kRoute, ""}}, environment).value(),
              ElementsAre(AddressForm{Kind::kLiteral, "192.0.2.5"}, AddressForm{Kind::kInterface, "eth0"},
                          AddressForm{Kind::kRoute, ""}));
  EXPECT_THAT(WithVariables({{Kind::kVariable, "B"}}, environment).status().text(), HasSubstr("B, which is not set"));
  EXPECT_THAT(WithVariables({{Kind::kVariable, "LOOP"}}, environment).status().text(), HasSubstr("holds no address"));
}

TEST(HostAddress, AFamilyThatHasGoneKeepsItsLastAddress) {
  const HostAddresses last{"192.0.2.10", "2001:db8::10"};
  EXPECT_EQ(WithLast({"", "2001:db8::10"}, last), last);
  EXPECT_EQ(WithLast({"192.0.2.11", ""}, last), (HostAddresses{"192.0.2.11", "2001:db8::10"}));
  EXPECT_EQ(WithLast({}, last), last);
  EXPECT_EQ(WithLast({"192.0.2.11", "2001:db8::11"}, last), (HostAddresses{"192.0.2.11", "2001:db8::11"}));
  EXPECT_EQ(WithLast({"", "2001:db8::11"}, {"192.0.2.10", ""}), (HostAddresses{"192.0.2.10", "2001:db8::11"}));
}

TEST(HostAddress, InWords) {
  EXPECT_EQ(Describe({"192.0.2.10", "2001:db8::10"}), "192.0.2.10 and 2001:db8::10");
  EXPECT_EQ(Describe({"", "2001:db8::10"}), "2001:db8::10");
  EXPECT_EQ(Describe({}), "no address");
}

}  // namespace
}  // namespace signpost::registrar
