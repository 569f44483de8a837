// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/address_choice.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/dns/zone_builder.h"

namespace signpost::service_zone {
namespace {

using test::Node;
using test::Service;

std::string Text(const Ipv4& v4) {
  char buffer[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, v4.data(), buffer, sizeof buffer);
}
std::string Text(const Ipv6& v6) {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, v6.data(), buffer, sizeof buffer);
}
std::string Text(const Address& address) {
  if (address.v4) return Text(*address.v4);
  if (address.v6) return Text(*address.v6);
  return address.host.empty() ? "-" : std::string(address.host);
}

// "A 10.0.0.1 | AAAA - | SRV 10.0.0.1 node-main"; a host name stands after "host".
std::string Words(const AddressChoice& choice) {
  std::string out = "A " + (choice.v4 ? Text(*choice.v4) : "-") + " | AAAA " + (choice.v6 ? Text(*choice.v6) : "-");
  out += " | SRV " + Text(choice.primary);
  if (choice.from_service) out += " service";
  if (choice.is_node_main) out += " node-main";
  if (!choice.host.empty()) out += " | host " + choice.host;
  return out;
}

std::string Of(const Service& service, bool translated = false) {
  return Words(ChooseForInstance(service.Build()->instances[0], translated));
}
std::string Of(const Node& node, bool translated = false) { return Words(ChooseForNode(node.value(), translated)); }

TEST(AddressChoiceTest, ParsesAddressesStrictly) {
  EXPECT_EQ(Text(*ParseIpv4("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(Text(*ParseIpv4("::ffff:192.0.2.1")), "192.0.2.1");
  for (const char* bad : {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", "0x7f.1", "::1", "web"})
    EXPECT_FALSE(ParseIpv4(bad)) << bad;
  EXPECT_EQ(Text(*ParseIpv6("2001:DB8::1")), "2001:db8::1");
  for (const char* bad : {"", "::ffff:192.0.2.1", "192.0.2.1", "[::1]", "fe80::1%eth0", "1::2::3"})
    EXPECT_FALSE(ParseIpv6(bad)) << bad;
  EXPECT_FALSE(ParseIpv4(std::string(300, '1')));
  EXPECT_FALSE(ParseIpv4(std::string("10.0.0.1\0x", 10)));
}

TEST(AddressChoiceTest, WhatIsNoAddressIsAHostName) {
  EXPECT_EQ(Text(ParseAddress("10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(Text(ParseAddress("::ffff:10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(Text(ParseAddress("2001:db8::1")), "2001:db8::1");
  EXPECT_EQ(Text(ParseAddress("www.example.com")), "www.example.com");
  EXPECT_EQ(Text(ParseAddress("")), "-");
}

TEST(AddressChoiceTest, NodesWithOneAddress) {
  EXPECT_EQ(Of(Node("n", "10.0.0.1")), "A 10.0.0.1 | AAAA - | SRV 10.0.0.1 node-main");
  EXPECT_EQ(Of(Node("n", "2001:db8::1")), "A - | AAAA 2001:db8::1 | SRV 2001:db8::1 node-main");
  EXPECT_EQ(Of(Node("n", "www.example.com")), "A - | AAAA - | SRV www.example.com node-main | host www.example.com");
  EXPECT_EQ(Of(Node("n", "")), "A - | AAAA - | SRV - node-main");
}

TEST(AddressChoiceTest, LanTagsOfANodeGoFirst) {
  const Node dual = Node("n", "10.0.4.1")
                        .Tagged("lan_ipv4", "10.0.4.2")
                        .Tagged("lan_ipv6", "2001:db8:4::2")
                        .Tagged("wan", "10.0.4.3");
  EXPECT_EQ(Of(dual), "A 10.0.4.2 | AAAA 2001:db8:4::2 | SRV 2001:db8:4::2");
  EXPECT_EQ(Of(Node("n", "10.0.4.1").Tagged("lan_ipv6", "2001:db8::2")),
            "A 10.0.4.1 | AAAA 2001:db8::2 | SRV 2001:db8::2");
  EXPECT_EQ(Of(Node("n", "10.0.4.1").Tagged("lan_ipv4", "10.0.4.1")), "A 10.0.4.1 | AAAA - | SRV 10.0.4.1 node-main");
  EXPECT_EQ(Of(Node("n", "10.0.4.1").Tagged("wan", "203.0.113.1")), "A 10.0.4.1 | AAAA - | SRV 10.0.4.1 node-main");
  EXPECT_EQ(Of(Node("n", "10.0.4.1").Tagged("lan_ipv4", "")), "A 10.0.4.1 | AAAA - | SRV 10.0.4.1 node-main");
}

TEST(AddressChoiceTest, ATaggedHostNameDoesNotHideAnAddress) {
  EXPECT_EQ(Of(Node("n", "10.0.0.1").Tagged("lan_ipv6", "six.example.com")),
            "A 10.0.0.1 | AAAA - | SRV six.example.com");
}

TEST(AddressChoiceTest, InstancesWithoutAnAddressShowTheirNode) {
  EXPECT_EQ(Of(Service("web").On("n", "10.0.0.1")), "A 10.0.0.1 | AAAA - | SRV 10.0.0.1 node-main");
  EXPECT_EQ(Of(Service("web").On(Node("n", "10.0.0.1").Tagged("lan_ipv6", "2001:db8::1"))),
            "A 10.0.0.1 | AAAA 2001:db8::1 | SRV 2001:db8::1");
  EXPECT_EQ(Of(Service("web").On("n", "ext.example.com")),
            "A - | AAAA - | SRV ext.example.com node-main | host ext.example.com");
}

TEST(AddressChoiceTest, AnInstancesOwnAddressCounts) {
  EXPECT_EQ(Of(Service("web").On("n", "10.0.0.1").Address("10.0.1.2")), "A 10.0.1.2 | AAAA - | SRV 10.0.1.2 service");
  EXPECT_EQ(Of(Service("web").On("n", "10.0.0.1").Address("10.0.0.1")), "A 10.0.0.1 | AAAA - | SRV 10.0.0.1 service");
  EXPECT_EQ(Of(Service("web").On("n", "10.0.0.1").Address("2001:db8::5")),
            "A - | AAAA 2001:db8::5 | SRV 2001:db8::5 service");
  EXPECT_EQ(Of(Service("web").On("n", "10.0.0.1").Address("db.example")),
            "A - | AAAA - | SRV db.example service | host db.example");
}

TEST(AddressChoiceTest, LanTagsOfAnInstanceGoBeforeItsAddressAndItsNode) {
  const Service dual = Service("web")
                           .On("n", "10.0.4.10")
                           .Address("10.0.4.11")
                           .Tagged("lan_ipv4", "10.0.4.12")
                           .Tagged("lan_ipv6", "2001:db8:4::12");
  EXPECT_EQ(Of(dual), "A 10.0.4.12 | AAAA 2001:db8:4::12 | SRV 2001:db8:4::12 service");
  const Service tags_only = Service("web").On("n", "10.0.4.10").Tagged("lan_ipv4", "10.0.4.12");
  EXPECT_EQ(Of(tags_only), "A 10.0.4.12 | AAAA - | SRV 10.0.4.12 service");
}

TEST(AddressChoiceTest, TheNodesTagsDoNotMixIntoAnInstanceWithAnAddress) {
  const Service service =
      Service("web").On(Node("n", "10.0.0.1").Tagged("lan_ipv6", "2001:db8::1")).Address("10.0.1.1");
  EXPECT_EQ(Of(service), "A 10.0.1.1 | AAAA - | SRV 10.0.1.1 service");
}

TEST(AddressChoiceTest, TranslationUsesTheWanTags) {
  // The agent has put the WAN address in the place of the main one already.
  EXPECT_EQ(Of(Node("n", "203.0.113.3").Tagged("wan", "203.0.113.3").Tagged("lan", "10.0.8.3"), true),
            "A 203.0.113.3 | AAAA - | SRV 203.0.113.3");
  EXPECT_EQ(Of(Node("n", "10.0.8.3").Tagged("lan", "10.0.8.3"), true), "A 10.0.8.3 | AAAA - | SRV 10.0.8.3 node-main");
  const Node tagged = Node("n", "203.0.113.3")
                          .Tagged("lan_ipv4", "10.0.8.3")
                          .Tagged("wan_ipv4", "203.0.113.4")
                          .Tagged("wan_ipv6", "2001:db8::3");
  EXPECT_EQ(Of(tagged, true), "A 203.0.113.4 | AAAA 2001:db8::3 | SRV 2001:db8::3");
  EXPECT_EQ(Of(tagged, false), "A 10.0.8.3 | AAAA - | SRV 10.0.8.3");
  EXPECT_EQ(Of(Service("web").On("n", "10.0.8.3").Address("203.0.113.33").Tagged("wan", "203.0.113.33"), true),
            "A 203.0.113.33 | AAAA - | SRV 203.0.113.33 service");
}

}  // namespace
}  // namespace signpost::service_zone
