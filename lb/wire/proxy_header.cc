// Signpost. Apache-2.0; see LICENSE.
#include "lb/wire/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "common/base/bytes.h"

namespace signpost::lb {
namespace {

using Kind = ProxyHeaderResult::Kind;

constexpr std::string_view kV1Start = "PROXY ";
constexpr size_t kV1Max = 107;
constexpr std::string_view kV2Start("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kV2Fixed = 16;
constexpr size_t kV2MaxRest = 4096;

constexpr uint8_t kVersion2 = 0x20;
constexpr uint8_t kLocal = 0;
constexpr uint8_t kProxy = 1;
constexpr uint8_t kInet = 1;
constexpr uint8_t kInet6 = 2;
constexpr uint8_t kUnix = 3;
constexpr uint8_t kStream = 1;
constexpr uint8_t kDatagram = 2;
constexpr size_t kUnixAddresses = 216;

ProxyHeaderResult Bad() { return {.kind = Kind::kBad}; }
ProxyHeaderResult More() { return {}; }

net::SocketAddress FromBytes(std::span<const uint8_t> ip, uint16_t port) {
  if (ip.size() == sizeof(in_addr)) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.data(), ip.size());
    return net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, ip.data(), ip.size());
  return net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

// One word and the space after it, if any; false when words are not told apart by exactly one space.
bool TakeWord(std::string_view& rest, std::string_view& word, bool last) {
  const size_t space = rest.find(' ');
  if ((space == std::string_view::npos) != last) return false;
  word = rest.substr(0, space);
  rest.remove_prefix(last ? rest.size() : space + 1);
  return !word.empty();
}

// Decimal without leading zeros.
std::optional<uint16_t> Port(std::string_view text) {
  if (text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

net::SocketAddress Address(int family, std::string_view ip, std::string_view port_text) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::optional<uint16_t> port = Port(port_text);
  const bool whole = ip.find('\0') == std::string_view::npos;  // inet_pton would read only what is before
  if (!whole || ip.size() >= text.size() || !port.has_value()) return {};
  std::ranges::copy(ip, text.begin());
  std::array<uint8_t, sizeof(in6_addr)> bytes{};
  if (inet_pton(family, text.data(), bytes.data()) != 1) return {};
  return FromBytes(std::span(bytes).first(family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr)), *port);
}

// The line without its end, from the protocol on.
ProxyHeaderResult ReadV1(std::string_view rest) {
  ProxyHeaderResult result{.kind = Kind::kDone, .size = kV1Start.size() + rest.size() + 2};
  if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) return result;
  std::string_view protocol;
  std::array<std::string_view, 4> words;  // source, destination, source port, destination port
  if (!TakeWord(rest, protocol, false) || (protocol != "TCP4" && protocol != "TCP6")) return Bad();
  for (size_t i = 0; i < words.size(); ++i) {
    if (!TakeWord(rest, words[i], i + 1 == words.size())) return Bad();
  }
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  result.source = Address(family, words[0], words[2]);
  result.destination = Address(family, words[1], words[3]);
  if (result.source.empty() || result.destination.empty()) return Bad();
  result.has_addresses = true;
  return result;
}

// Whether more bytes could make a header of it.
bool MayBecomeV1(std::string_view rest) {
  if (rest.ends_with('\r')) {
    rest.remove_suffix(1);
    return rest.find('\r') == std::string_view::npos && ReadV1(rest).kind == Kind::kDone;
  }
  if (rest.find('\r') != std::string_view::npos) return false;
  constexpr size_t kTcp = sizeof("TCP4 ") - 1;
  for (const std::string_view protocol : {"UNKNOWN ", "TCP4 ", "TCP6 "}) {
    if (protocol.starts_with(rest)) return true;
    if (!rest.starts_with(protocol)) continue;
    return protocol.size() > kTcp ||
           rest.find_first_not_of(" .:0123456789abcdefABCDEF", kTcp) == std::string_view::npos;
  }
  return false;
}

ProxyHeaderResult ParseV1(std::string_view text) {
  const size_t end = text.substr(0, kV1Max).find('\n');
  if (end == std::string_view::npos) {
    const bool more = text.size() < kV1Max && MayBecomeV1(text.substr(kV1Start.size()));
    return more ? More() : Bad();
  }
  std::string_view rest = text.substr(kV1Start.size(), end - kV1Start.size());
  if (!rest.ends_with('\r')) return Bad();
  rest.remove_suffix(1);
  if (rest.find('\r') != std::string_view::npos) return Bad();
  return ReadV1(rest);
}

// Type, length, value; again and again to the very end.
bool AreTlvs(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes);
  while (reader.ok() && reader.remaining() > 0) {
    reader.U8();
    reader.Skip(reader.U16());
  }
  return reader.ok();
}

ProxyHeaderResult ReadV2(uint8_t command, uint8_t family_and_protocol, std::span<const uint8_t> rest) {
  ProxyHeaderResult result{.kind = Kind::kDone, .size = kV2Fixed + rest.size()};
  const uint8_t family = family_and_protocol >> 4;
  const uint8_t protocol = family_and_protocol & 0x0f;
  if (command == kLocal || family == 0) return result;
  if (family == kUnix) return rest.size() >= kUnixAddresses && AreTlvs(rest.subspan(kUnixAddresses)) ? result : Bad();
  const size_t ip = family == kInet ? sizeof(in_addr) : sizeof(in6_addr);
  const size_t addresses = 2 * ip + 4;
  if (rest.size() < addresses || !AreTlvs(rest.subspan(addresses))) return Bad();
  if (protocol != kStream) return result;
  result.source = FromBytes(rest.first(ip), LoadU16(&rest[2 * ip]));
  result.destination = FromBytes(rest.subspan(ip, ip), LoadU16(&rest[2 * ip + 2]));
  result.has_addresses = true;
  return result;
}

// Each byte is judged as soon as it is there.
ProxyHeaderResult ParseV2(std::span<const uint8_t> bytes) {
  const size_t size = bytes.size();
  if (size > 12 && bytes[12] != (kVersion2 | kLocal) && bytes[12] != (kVersion2 | kProxy)) return Bad();
  if (size > 13 && ((bytes[13] >> 4) > kUnix || (bytes[13] & 0x0f) > kDatagram)) return Bad();
  if (size < kV2Fixed) return size > 14 && bytes[14] > kV2MaxRest >> 8 ? Bad() : More();
  const size_t rest = LoadU16(&bytes[14]);
  if (rest > kV2MaxRest) return Bad();
  if (size < kV2Fixed + rest) return More();
  return ReadV2(bytes[12] & 0x0f, bytes[13], bytes.subspan(kV2Fixed, rest));
}

std::string IpText(const net::SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family(), address.ip().data(), text.data(), text.size());
  return text.data();
}

bool SameFamily(const net::SocketAddress& a, const net::SocketAddress& b) {
  return !a.empty() && !b.empty() && a.family() == b.family();
}

void Append(std::string& out, std::span<const uint8_t> bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void AppendU16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

}  // namespace

ProxyHeaderResult ParseProxyHeader(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(kV2Start)) return ParseV2(bytes);
  if (text.starts_with(kV1Start)) return ParseV1(text);
  return kV1Start.starts_with(text) || kV2Start.starts_with(text) ? More() : Bad();
}

std::string ProxyHeaderV1(const net::SocketAddress& source, const net::SocketAddress& destination) {
  if (!SameFamily(source, destination)) return "PROXY UNKNOWN\r\n";
  return (source.family() == AF_INET ? "PROXY TCP4 " : "PROXY TCP6 ") + IpText(source) + " " + IpText(destination) +
         " " + std::to_string(source.port()) + " " + std::to_string(destination.port()) + "\r\n";
}

std::string ProxyHeaderV2(const net::SocketAddress& source, const net::SocketAddress& destination) {
  std::string out(kV2Start);
  out += static_cast<char>(kVersion2 | kProxy);
  if (!SameFamily(source, destination)) {
    out += '\0';
    AppendU16(out, 0);
    return out;
  }
  out += static_cast<char>((source.family() == AF_INET ? kInet : kInet6) << 4 | kStream);
  AppendU16(out, 2 * source.ip().size() + 4);
  Append(out, source.ip());
  Append(out, destination.ip());
  AppendU16(out, source.port());
  AppendU16(out, destination.port());
  return out;
}

}  // namespace signpost::lb
