// Signpost. Apache-2.0; see LICENSE.
#include "common/net/address.h"

#include <gtest/gtest.h>
#include <net/if.h>

namespace signpost::net {
namespace {

SocketAddress Parsed(std::string_view text, uint16_t default_port = 0) {
  auto result = SocketAddress::Parse(text, default_port);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status().text();
  return result.ok() ? result.value() : SocketAddress();
}

struct GoodRow {
  const char* text;
  uint16_t default_port;
  const char* canonical;
};

TEST(AddressTest, ReadsAndPrints) {
  const GoodRow rows[] = {
      {"192.0.2.1:53", 0, "192.0.2.1:53"},
      {"192.0.2.1", 53, "192.0.2.1:53"},
      {"192.0.2.1:0", 53, "192.0.2.1:0"},
      {":53", 0, "0.0.0.0:53"},
      {"0.0.0.0:65535", 0, "0.0.0.0:65535"},
      {"[::1]:53", 0, "[::1]:53"},
      {"[::1]", 53, "[::1]:53"},
      {"::1", 53, "[::1]:53"},
      {"::", 53, "[::]:53"},
      {"2001:db8::1:53", 8600, "[2001:db8::1:53]:8600"},
      {"[2001:0DB8:0:0::1]:53", 0, "[2001:db8::1]:53"},
      {"[fe80::1%lo]:53", 0, "[fe80::1%lo]:53"},
      {"[fe80::1%99999]:53", 0, "[fe80::1%99999]:53"},
      {"[::ffff:192.0.2.1]:53", 0, "[::ffff:192.0.2.1]:53"},
  };
  for (const GoodRow& row : rows) {
    const SocketAddress address = Parsed(row.text, row.default_port);
    EXPECT_EQ(address.ToString(), row.canonical);
    EXPECT_EQ(Parsed(address.ToString()), address) << row.text;
  }
}

TEST(AddressTest, RefusesWithASentence) {
  const struct {
    const char* text;
    uint16_t default_port;
    const char* why;
  } rows[] = {
      {"192.0.2.1", 0, "the port is missing"},
      {"[::1]", 0, "the port is missing"},
      {"::1", 0, "the port is missing"},
      {"", 53, "the host must be"},
      {"localhost:53", 0, "the host must be"},
      {"192.0.2:53", 0, "the host must be"},
      {"192.0.2.256:53", 0, "the host must be"},
      {"[192.0.2.1]:53", 0, "the host must be"},
      {"[]:53", 0, "the host must be"},
      {"[::1%]:53", 0, "the host must be"},
      {"[fe80::1%no-such-if]:53", 0, "the host must be"},
      {"192.0.2.1:", 53, "the port must be a number"},
      {"192.0.2.1:65536", 0, "the port must be a number"},
      {"192.0.2.1:-1", 0, "the port must be a number"},
      {"192.0.2.1:53x", 0, "the port must be a number"},
      {"192.0.2.1: 53", 0, "the port must be a number"},
      {"[::1:53", 0, "the brackets do not match"},
      {"[::1]53", 0, "the brackets do not match"},
  };
  for (const auto& row : rows) {
    const auto result = SocketAddress::Parse(row.text, row.default_port);
    ASSERT_FALSE(result.ok()) << row.text;
    EXPECT_EQ(result.status().kind(), ErrorKind::kConfig);
    EXPECT_NE(result.status().text().find("'" + std::string(row.text) + "'"), std::string::npos);
    EXPECT_NE(result.status().text().find(row.why), std::string::npos) << result.status().text();
  }
}

TEST(AddressTest, KnowsWildcards) {
  EXPECT_TRUE(Parsed("0.0.0.0:1").is_wildcard());
  EXPECT_TRUE(Parsed("[::]:1").is_wildcard());
  EXPECT_FALSE(Parsed("0.0.0.1:1").is_wildcard());
  EXPECT_FALSE(Parsed("[::1]:1").is_wildcard());
  EXPECT_FALSE(SocketAddress().is_wildcard());
}

TEST(AddressTest, KnowsLoopback) {
  EXPECT_TRUE(Parsed("127.0.0.1:1").is_loopback());
  EXPECT_TRUE(Parsed("127.255.0.9:1").is_loopback());
  EXPECT_TRUE(Parsed("[::1]:1").is_loopback());
  EXPECT_TRUE(Parsed("[::ffff:127.0.0.1]:1").is_loopback());
  EXPECT_FALSE(Parsed("128.0.0.1:1").is_loopback());
  EXPECT_FALSE(Parsed("[::]:1").is_loopback());
  EXPECT_FALSE(Parsed("[::ffff:128.0.0.1]:1").is_loopback());
  EXPECT_FALSE(SocketAddress().is_loopback());
}

TEST(AddressTest, ComparesIpPortFamilyAndZone) {
  const SocketAddress one = Parsed("192.0.2.1:53");
  SocketAddress other = one;
  EXPECT_EQ(one, other);
  other.set_port(54);
  EXPECT_NE(one, other);
  EXPECT_EQ(other.port(), 54);
  EXPECT_NE(one, Parsed("192.0.2.2:53"));
  EXPECT_NE(Parsed("0.0.0.0:53"), Parsed("[::]:53"));
  EXPECT_NE(Parsed("[fe80::1%1]:53"), Parsed("[fe80::1%2]:53"));
  EXPECT_EQ(SocketAddress(), SocketAddress());
  EXPECT_NE(SocketAddress(), one);
}

TEST(AddressTest, GivesTheBytesInNetworkOrder) {
  EXPECT_EQ(Parsed("192.0.2.1:53").ip().size(), 4U);
  EXPECT_EQ(Parsed("192.0.2.1:53").ip()[0], 192);
  EXPECT_EQ(Parsed("[2001:db8::7]:53").ip().size(), 16U);
  EXPECT_EQ(Parsed("[2001:db8::7]:53").ip()[15], 7);
  EXPECT_TRUE(SocketAddress().ip().empty());
}

TEST(AddressTest, FromTheKernel) {
  const SocketAddress v6 = Parsed("[2001:db8::7]:53");
  EXPECT_EQ(SocketAddress::From(v6.get(), v6.length()), v6);
  EXPECT_TRUE(SocketAddress::From(v6.get(), v6.length() - 1).empty()) << "too short";
  EXPECT_TRUE(SocketAddress::From(nullptr, 0).empty());
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_TRUE(SocketAddress::From(&other, sizeof other).empty());
  EXPECT_EQ(SocketAddress().ToString(), "");
  EXPECT_EQ(SocketAddress().port(), 0);
}

}  // namespace
}  // namespace signpost::net
