// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/reverse_name.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

// "address 192.0.2.1", "partial", "bad" or "foreign".
std::string Meaning(const std::string& text) {
  static constexpr const char* kKinds[] = {"foreign", "partial", "address", "bad"};
  const ReverseName reverse = ParseReverseName(test::WireName(text));
  std::string out = kKinds[static_cast<size_t>(reverse.kind)];
  if (reverse.kind != ReverseName::Kind::kAddress) return out;
  char buffer[INET6_ADDRSTRLEN];
  return out + " " + inet_ntop(AF_INET6, reverse.address.data(), buffer, sizeof buffer);
}

std::string Nibbles(const std::string& digits) {
  std::string out;
  for (const char c : digits) out += std::string(1, c) + ".";
  return out + "ip6.arpa";
}

TEST(ReverseNameTest, Ipv4) {
  EXPECT_EQ(Meaning("4.3.2.1.in-addr.arpa"), "address ::ffff:1.2.3.4");
  EXPECT_EQ(Meaning("255.0.0.10.IN-ADDR.ARPA"), "address ::ffff:10.0.0.255");
  EXPECT_EQ(Meaning("in-addr.arpa"), "partial");
  EXPECT_EQ(Meaning("10.in-addr.arpa"), "partial");
  EXPECT_EQ(Meaning("3.2.1.in-addr.arpa"), "partial");
}

TEST(ReverseNameTest, WhatIsNoIpv4Address) {
  for (const char* name :
       {"256.3.2.1.in-addr.arpa", "04.3.2.1.in-addr.arpa", "1e.3.2.1.in-addr.arpa", "x.in-addr.arpa",
        "5.4.3.2.1.in-addr.arpa", "-1.3.2.1.in-addr.arpa", "+1.3.2.1.in-addr.arpa", "1000.2.1.in-addr.arpa"}) {
    EXPECT_EQ(Meaning(name), "bad") << name;
  }
}

TEST(ReverseNameTest, Ipv6) {
  const std::string one = "1" + std::string(23, '0') + "8bd01002";  // 2001:db8::1 from its last digit to its first
  EXPECT_EQ(Meaning(Nibbles(one)), "address 2001:db8::1");
  EXPECT_EQ(Meaning(Nibbles("F" + one.substr(1))), "address 2001:db8::f");
  EXPECT_EQ(Meaning("ip6.arpa"), "partial");
  EXPECT_EQ(Meaning("8.b.d.0.1.0.0.2.ip6.arpa"), "partial");
  EXPECT_EQ(Meaning(Nibbles("0" + one)), "bad");
  EXPECT_EQ(Meaning("10.ip6.arpa"), "bad");
  EXPECT_EQ(Meaning("g.ip6.arpa"), "bad");
}

TEST(ReverseNameTest, AMappedAddressIsTheIpv4Address) {
  const std::string mapped =
      "4030201"
      "0ffff" +
      std::string(20, '0');
  EXPECT_EQ(Meaning(Nibbles(mapped)), "address ::ffff:1.2.3.4");
}

TEST(ReverseNameTest, OtherTrees) {
  for (const char* name :
       {".", "arpa", "e164.arpa", "home.arpa", "in-addr.consul", "1.2.3.4.in-addr.arpa.consul", "xin-addr.arpa"}) {
    EXPECT_EQ(Meaning(name), "foreign") << name;
  }
}

}  // namespace
}  // namespace signpost::service_zone
