// Signpost. Apache-2.0; see LICENSE.
// PROXY headers of both versions, cases T17 to T20: whole, cut anywhere, broken.
#include "lb/wire/proxy_header.h"

#include <gmock/gmock.h>

#include <vector>

namespace signpost::lb::test {
namespace {

using Kind = ProxyHeaderResult::Kind;
using net::SocketAddress;

ProxyHeaderResult Parse(std::string_view text) {
  return ParseProxyHeader({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// kMore for every beginning, then the result.
ProxyHeaderResult InSteps(std::string_view text) {
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(Parse(text.substr(0, size)).kind, Kind::kMore) << "after " << size << " bytes of " << text;
  }
  const ProxyHeaderResult result = Parse(text);
  const ProxyHeaderResult with_payload = Parse(std::string(text) + "payload");
  EXPECT_EQ(with_payload.kind, result.kind);
  EXPECT_EQ(with_payload.size, result.size);
  return result;
}

// "SOURCE DESTINATION", "local", or why there is nothing.
std::string Read(std::string_view text) {
  const ProxyHeaderResult result = InSteps(text);
  if (result.kind != Kind::kDone) return result.kind == Kind::kMore ? "more" : "bad";
  EXPECT_EQ(result.size, text.size());
  if (!result.has_addresses) return "local";
  return result.source.ToString() + " " + result.destination.ToString();
}

SocketAddress Address(std::string_view text) {
  auto parsed = SocketAddress::Parse(text, 0);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.value();
}

TEST(ProxyHeaderV1, Addresses) {
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\r\n"), "192.0.2.1:1234 198.51.100.2:80");
  EXPECT_EQ(Read("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), "[2001:db8::1]:65535 [::1]:0");
}

TEST(ProxyHeaderV1, UnknownMeansTheConnectionsOwn) {
  EXPECT_EQ(Read("PROXY UNKNOWN\r\n"), "local");
  EXPECT_EQ(Read("PROXY UNKNOWN ffff:f...f:ffff whatever 65535\r\n"), "local");
}

TEST(ProxyHeaderV1, AtMost107Bytes) {
  const std::string start = "PROXY UNKNOWN ";
  EXPECT_EQ(Read(start + std::string(107 - start.size() - 2, 'x') + "\r\n"), "local");
  EXPECT_EQ(Parse(start + std::string(107 - start.size() - 1, 'x')).kind, Kind::kMore);
  EXPECT_EQ(Parse(start + std::string(107 - start.size(), 'x')).kind, Kind::kBad);
  EXPECT_EQ(Parse(start + std::string(107 - start.size() - 1, 'x') + "\r\n").kind, Kind::kBad);
}

TEST(ProxyHeaderV1, Broken) {
  for (const char* const text : {
           "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\n",
           "PROXY TCP4  192.0.2.1 198.51.100.2 1234 80\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80 \r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2 1234\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80 81\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2 01234 80\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2 1234 65536\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2 1234 -1\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.2  80\r\n",
           "PROXY TCP4 192.0.2 198.51.100.2 1234 80\r\n",
           "PROXY TCP4 192.0.2.01 198.51.100.2 1234 80\r\n",
           "PROXY TCP4 192.0.2.256 198.51.100.2 1234 80\r\n",
           "PROXY TCP4 ::1 ::1 1234 80\r\n",
           "PROXY TCP6 192.0.2.1 198.51.100.2 1234 80\r\n",
           "PROXY TCP5 192.0.2.1 198.51.100.2 1234 80\r\n",
           "PROXY TCP4\r\n",
           "PROXY UNKNOWNS\r\n",
           "PROXY UNKNOWN\r\r\n",
           "PROXY UNKNOWN \rx\r\n",
           "PROXY\r\n",
           "proxy UNKNOWN\r\n",
       }) {
    EXPECT_EQ(Parse(text).kind, Kind::kBad) << text;
  }
}

TEST(ProxyHeaderV1, NulDoesNotEndAnAddress) {
  EXPECT_EQ(Parse(std::string_view("PROXY TCP6 ::\0001 ::1 1 2\r\n", 27)).kind, Kind::kBad);
  EXPECT_EQ(Parse(std::string_view("PROXY TCP6 ::\0001", 15)).kind, Kind::kBad);
}

TEST(ProxyHeaderV1, WhatCanNoLongerBecomeOneIsBadAtOnce) {
  for (const char* const text : {"G", "PROXY X", "PROXY TCP4x", "PROXY TCP4 z", "PROXY TCP4\r", "PROXY UNKNOWNx",
                                 "PROXY TCP4 192.0.2.1 198.51.100.2 1234\r", "PROXY UNKNOWN \rx"}) {
    EXPECT_EQ(Parse(text).kind, Kind::kBad) << text;
  }
}

// Version 2 from its parts.
std::string V2(uint8_t command, uint8_t family, const std::string& rest) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += static_cast<char>(command);
  out += static_cast<char>(family);
  out += static_cast<char>(rest.size() >> 8);
  out += static_cast<char>(rest.size() & 0xff);
  return out + rest;
}

const std::string kInet("\xc0\x00\x02\x01\xc6\x33\x64\x02\x04\xd2\x00\x50", 12);
const std::string kInet6 = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16) + std::string(15, '\0') +
                           "\x01" + std::string("\x04\xd2\x00\x50", 4);

TEST(ProxyHeaderV2, Addresses) {
  EXPECT_EQ(Read(V2(0x21, 0x11, kInet)), "192.0.2.1:1234 198.51.100.2:80");
  EXPECT_EQ(Read(V2(0x21, 0x21, kInet6)), "[2001:db8::1]:1234 [::1]:80");
}

TEST(ProxyHeaderV2, TheConnectionsOwn) {
  EXPECT_EQ(Read(V2(0x20, 0x00, "")), "local");
  EXPECT_EQ(Read(V2(0x20, 0x11, kInet)), "local") << "LOCAL, whatever it says";
  EXPECT_EQ(Read(V2(0x21, 0x00, "")), "local") << "AF_UNSPEC";
  EXPECT_EQ(Read(V2(0x21, 0x00, "anything")), "local");
  EXPECT_EQ(Read(V2(0x21, 0x31, std::string(216, 'p'))), "local") << "AF_UNIX";
  EXPECT_EQ(Read(V2(0x21, 0x12, kInet)), "local") << "of a datagram";
}

TEST(ProxyHeaderV2, ExtensionsAreSkipped) {
  const std::string tlvs("\x01\x00\x02h2\x04\x00\x00\xea\x00\x05\x01\x02\x03\x04\x05", 16);
  EXPECT_EQ(Read(V2(0x21, 0x11, kInet + tlvs)), "192.0.2.1:1234 198.51.100.2:80");
  const std::string padding = std::string("\x04\x0f\xf1", 3) + std::string(4081, '\0');
  ASSERT_EQ(kInet.size() + padding.size(), 4096U);
  EXPECT_EQ(Parse(V2(0x21, 0x11, kInet + padding)).size, 16U + 4096U);
}

TEST(ProxyHeaderV2, Broken) {
  EXPECT_EQ(Parse(V2(0x11, 0x11, kInet)).kind, Kind::kBad) << "version";
  EXPECT_EQ(Parse(V2(0x22, 0x11, kInet)).kind, Kind::kBad) << "command";
  EXPECT_EQ(Parse(V2(0x21, 0x41, kInet)).kind, Kind::kBad) << "family";
  EXPECT_EQ(Parse(V2(0x21, 0x13, kInet)).kind, Kind::kBad) << "protocol";
  EXPECT_EQ(Parse(V2(0x21, 0x11, kInet.substr(1))).kind, Kind::kBad) << "too short for its addresses";
  EXPECT_EQ(Parse(V2(0x21, 0x21, kInet)).kind, Kind::kBad) << "too short for its addresses";
  EXPECT_EQ(Parse(V2(0x21, 0x31, std::string(215, 'p'))).kind, Kind::kBad) << "too short for its addresses";
  EXPECT_EQ(Parse(V2(0x21, 0x11, kInet + std::string("\x01\x00", 2))).kind, Kind::kBad) << "half an extension";
  EXPECT_EQ(Parse(V2(0x21, 0x11, kInet + std::string("\x01\x00\x05x", 4))).kind, Kind::kBad) << "a longer extension";
  EXPECT_EQ(Parse(V2(0x20, 0x00, std::string(4097, 'x'))).kind, Kind::kBad) << "longer than 4096";
}

TEST(ProxyHeaderV2, WhatCanNoLongerBecomeOneIsBadAtOnce) {
  const std::string head = V2(0x21, 0x11, kInet);
  EXPECT_EQ(Parse("\r\n\r\nG").kind, Kind::kBad);
  EXPECT_EQ(Parse(head.substr(0, 12) + "\x31").kind, Kind::kBad);
  EXPECT_EQ(Parse(head.substr(0, 13) + "\x51").kind, Kind::kBad);
  EXPECT_EQ(Parse(head.substr(0, 14) + "\x20").kind, Kind::kBad);
}

TEST(ProxyHeader, AbsentIsBad) { EXPECT_EQ(Parse("GET / HTTP/1.1\r\n").kind, Kind::kBad) << "case T19"; }

TEST(ProxyHeader, WhatIsWrittenIsRead) {
  for (const auto& [source, destination] :
       {std::pair("192.0.2.1:1234", "198.51.100.2:80"), std::pair("[2001:db8::1]:1", "[::1]:65535")}) {
    const std::string want = std::string(source) + " " + destination;
    EXPECT_EQ(Read(ProxyHeaderV1(Address(source), Address(destination))), want);
    EXPECT_EQ(Read(ProxyHeaderV2(Address(source), Address(destination))), want);
  }
}

TEST(ProxyHeader, BytesThatAreWritten) {
  EXPECT_EQ(ProxyHeaderV1(Address("192.0.2.1:1234"), Address("198.51.100.2:80")),
            "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\r\n");
  EXPECT_EQ(ProxyHeaderV1(Address("[2001:db8::1]:1234"), Address("[::1]:80")),
            "PROXY TCP6 2001:db8::1 ::1 1234 80\r\n");
  EXPECT_EQ(ProxyHeaderV2(Address("192.0.2.1:1234"), Address("198.51.100.2:80")), V2(0x21, 0x11, kInet));
  EXPECT_EQ(ProxyHeaderV2(Address("[2001:db8::1]:1234"), Address("[::1]:80")), V2(0x21, 0x21, kInet6));
}

TEST(ProxyHeader, MixedFamiliesAreUnknown) {
  EXPECT_EQ(ProxyHeaderV1(Address("192.0.2.1:1"), Address("[::1]:2")), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(ProxyHeaderV2(Address("192.0.2.1:1"), Address("[::1]:2")), V2(0x21, 0x00, ""));
  EXPECT_EQ(ProxyHeaderV1(SocketAddress(), SocketAddress()), "PROXY UNKNOWN\r\n");
}

}  // namespace
}  // namespace signpost::lb::test
