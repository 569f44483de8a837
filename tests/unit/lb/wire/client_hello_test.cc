// Signpost. Apache-2.0; see LICENSE.
// Hellos that are built here, and one that OpenSSL made.
#include "lb/wire/client_hello.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace signpost::lb::test {
namespace {

using Kind = ClientHelloResult::Kind;
using Bytes = std::vector<uint8_t>;

void Add(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes Text(std::string_view text) { return {text.begin(), text.end()}; }

// `content` with its length before it, in so many bytes.
Bytes Sized(size_t width, const Bytes& content) {
  Bytes out;
  for (size_t i = width; i > 0; --i) out.push_back(static_cast<uint8_t>(content.size() >> (8 * (i - 1))));
  Add(out, content);
  return out;
}

Bytes Extension(uint16_t type, const Bytes& data) {
  Bytes out = {static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type)};
  Add(out, Sized(2, data));
  return out;
}

Bytes Name(uint8_t type, std::string_view name) {
  Bytes out = {type};
  Add(out, Sized(2, Text(name)));
  return out;
}

Bytes ServerName(std::string_view name) { return Extension(0, Sized(2, Name(0, name))); }

struct Hello {
  Bytes version = {3, 3};
  Bytes session_id = Bytes(32, 7);
  Bytes ciphers = {0x13, 0x01, 0x13, 0x02};
  Bytes compressions = {0};
  Bytes extensions;
  bool without_extensions = false;
  uint8_t type = 1;
};

Bytes Handshake(const Hello& hello) {
  Bytes body = hello.version;
  Add(body, Bytes(32, 0xaa));
  Add(body, Sized(1, hello.session_id));
  Add(body, Sized(2, hello.ciphers));
  Add(body, Sized(1, hello.compressions));
  if (!hello.without_extensions) Add(body, Sized(2, hello.extensions));
  Bytes out = {hello.type};
  Add(out, Sized(3, body));
  return out;
}

// In records of at most `piece` bytes.
Bytes Records(const Bytes& handshake, size_t piece = 16384) {
  Bytes out;
  for (size_t at = 0; at < handshake.size(); at += piece) {
    Add(out, {22, 3, 1});
    const size_t size = std::min(piece, handshake.size() - at);
    Add(out, Sized(2, Bytes(handshake.begin() + static_cast<ptrdiff_t>(at),
                            handshake.begin() + static_cast<ptrdiff_t>(at + size))));
  }
  return out;
}

Bytes With(const Bytes& extensions) { return Records(Handshake({.extensions = extensions})); }

// kMore for every beginning, then the result: as a client's bytes come one by one (case T15).
ClientHelloResult InSteps(const Bytes& bytes) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto result = ParseClientHello(std::span(bytes).first(size));
    EXPECT_EQ(result.kind, Kind::kMore) << "after " << size << " of " << bytes.size();
    if (result.kind != Kind::kMore) return result;
  }
  return ParseClientHello(bytes);
}

TEST(ClientHello, NameInLowerCase) {
  Bytes extensions = Extension(0x0a0a, {});
  Add(extensions, ServerName("Web.Example"));
  Add(extensions, Extension(16, {0, 3, 2, 'h', '2'}));
  const auto result = InSteps(With(extensions));
  EXPECT_EQ(result.kind, Kind::kName);
  EXPECT_EQ(result.server_name, "web.example");
}

TEST(ClientHello, MadeByOpenssl) {
  constexpr std::string_view kHex =
      "1603010200010001fc030345a12974aef212cc96a406deb607da60d8b994fe957ed4f36b2326734fcda44220337c643d5f11ca046f6c"
      "1c55259a1689291fbc3660eea7c23f06b9be4a3ac78d0024130213031301c02cc030c02bc02fcca9cca8c024c028c023c027009f009e"
      "006b006700ff0100018f00000010000e00000b5765622e4578616d706c65000b000403000102000a00160014001d0017001e00190018"
      "01000101010201030104002300000016000000170000000d002a0028040305030603080708080809080a080b08040805080604010501"
      "0601030303010302040205020602002b00050403040303002d00020101003300260024001d002007f4fa53adc9a63dabd3a7c5cdf4f7"
      "ce6199b6f3c54b9c314ea8d48ca3e7f402001500e2000000000000000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000";
  Bytes bytes;
  for (size_t i = 0; i < kHex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16)));
  }
  const auto result = InSteps(bytes);
  EXPECT_EQ(result.kind, Kind::kName);
  EXPECT_EQ(result.server_name, "web.example");
}

TEST(ClientHello, SpansRecords) {
  const Bytes handshake = Handshake({.extensions = ServerName("a.example")});
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{4}, size_t{50}, handshake.size() - 1}) {
    const auto result = InSteps(Records(handshake, piece));
    EXPECT_EQ(result.kind, Kind::kName) << piece;
    EXPECT_EQ(result.server_name, "a.example") << piece;
  }
}

TEST(ClientHello, WhatFollowsIsNotLookedAt) {
  Bytes bytes = With(ServerName("a.example"));
  Add(bytes, {23, 3, 3, 0, 1, 0});
  EXPECT_EQ(ParseClientHello(bytes).server_name, "a.example");
  Bytes handshake = Handshake({.extensions = ServerName("a.example")});
  Add(handshake, {11, 0, 0, 0});
  EXPECT_EQ(ParseClientHello(Records(handshake)).server_name, "a.example");
}

TEST(ClientHello, WithoutName) {
  EXPECT_EQ(InSteps(Records(Handshake({.without_extensions = true}))).kind, Kind::kNoName);
  EXPECT_EQ(InSteps(With({})).kind, Kind::kNoName);
  EXPECT_EQ(InSteps(With(Extension(16, {0, 0}))).kind, Kind::kNoName);
  EXPECT_EQ(InSteps(With(Extension(0, Sized(2, Name(9, "x"))))).kind, Kind::kNoName) << "a name of another type";
}

TEST(ClientHello, OtherProtocolsAreSeenAtOnce) {
  for (const std::string_view text : {"G", "\x80", "\x15\x03", "SSH-2.0"}) {
    EXPECT_EQ(ParseClientHello(Text(text)).kind, Kind::kNotTls) << text;
  }
  EXPECT_EQ(ParseClientHello(Bytes{22, 2}).kind, Kind::kNotTls) << "version of the record";
  EXPECT_EQ(ParseClientHello(Bytes{22, 3, 1, 0, 0}).kind, Kind::kNotTls) << "empty record";
  EXPECT_EQ(ParseClientHello(Bytes{22, 3, 1, 0x40, 1}).kind, Kind::kNotTls) << "record above 16 KiB";
  EXPECT_EQ(ParseClientHello(Bytes{22, 3, 1, 0, 50, 2}).kind, Kind::kNotTls) << "a server's hello";
  EXPECT_EQ(ParseClientHello(Bytes{22, 3, 1, 0, 50, 1, 0, 0x40, 0}).kind, Kind::kNotTls) << "message above 16 KiB";
}

TEST(ClientHello, BrokenHellos) {
  const auto kind = [](const Hello& hello) { return ParseClientHello(Records(Handshake(hello))).kind; };
  EXPECT_EQ(kind({.version = {2, 0}}), Kind::kNotTls);
  EXPECT_EQ(kind({.session_id = Bytes(33, 1)}), Kind::kNotTls);
  EXPECT_EQ(kind({.ciphers = {}}), Kind::kNotTls);
  EXPECT_EQ(kind({.ciphers = {1, 2, 3}}), Kind::kNotTls);
  EXPECT_EQ(kind({.compressions = {}}), Kind::kNotTls);
  EXPECT_EQ(kind({.extensions = {0, 0, 0}}), Kind::kNotTls) << "half an extension";
  EXPECT_EQ(kind({.extensions = {0, 0, 0, 9, 1}}), Kind::kNotTls) << "an extension longer than the hello";
}

TEST(ClientHello, BrokenNames) {
  const auto kind = [](const Bytes& extensions) { return ParseClientHello(With(extensions)).kind; };
  Bytes two_names = Name(0, "a");
  Add(two_names, Name(0, "b"));
  Bytes two_lists = ServerName("a");
  Add(two_lists, ServerName("b"));
  EXPECT_EQ(kind(Extension(0, {})), Kind::kNotTls);
  EXPECT_EQ(kind(Extension(0, {0, 0})), Kind::kNotTls);
  EXPECT_EQ(kind(Extension(0, {0, 9, 0, 0, 1, 'a'})), Kind::kNotTls) << "a list longer than the extension";
  EXPECT_EQ(kind(Extension(0, {0, 4, 0, 0, 9, 'a'})), Kind::kNotTls) << "a name longer than the list";
  EXPECT_EQ(kind(ServerName("")), Kind::kNotTls);
  EXPECT_EQ(kind(ServerName(std::string(256, 'a'))), Kind::kNotTls);
  EXPECT_EQ(kind(ServerName(std::string(255, 'a'))), Kind::kName);
  EXPECT_EQ(kind(ServerName("a b")), Kind::kNotTls);
  EXPECT_EQ(kind(ServerName(std::string_view("a\0b", 3))), Kind::kNotTls);
  EXPECT_EQ(kind(Extension(0, Sized(2, two_names))), Kind::kNotTls);
  EXPECT_EQ(kind(two_lists), Kind::kNotTls);
}

TEST(ClientHello, AtMost16KiB) {
  Bytes extensions = Extension(21, Bytes(16000, 0));
  Add(extensions, ServerName("a"));
  EXPECT_EQ(ParseClientHello(With(extensions)).kind, Kind::kName);
  // One byte per record: the message is short, its records are not.
  const Bytes records = Records(Handshake({.extensions = Extension(21, Bytes(4000, 0))}), 1);
  ASSERT_GT(records.size(), 16384U);
  EXPECT_EQ(ParseClientHello(std::span(records).first(16383)).kind, Kind::kMore);
  EXPECT_EQ(ParseClientHello(records).kind, Kind::kNotTls);
}

}  // namespace
}  // namespace signpost::lb::test
