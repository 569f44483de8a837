// Signpost. Apache-2.0; see LICENSE.
#include "common/net/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace signpost::net {
namespace {

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
};

// Splits at the port's colon; nullopt when brackets do not match.
std::optional<Parts> Split(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return Parts{text.substr(1, close - 1), std::nullopt};
    if (rest.front() != ':') return std::nullopt;
    return Parts{text.substr(1, close - 1), rest.substr(1)};
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return Parts{text, std::nullopt};  // no port, or an IPv6 address without brackets
  }
  return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

bool ParseV4(std::string_view host, sockaddr_in& out) {
  out.sin_family = AF_INET;
  return inet_pton(AF_INET, std::string(host).c_str(), &out.sin_addr) == 1;
}

// "fe80::1%eth0" or "fe80::1%2" (RFC 4007 11).
bool ParseV6(std::string_view host, sockaddr_in6& out) {
  out.sin6_family = AF_INET6;
  const size_t percent = host.find('%');
  if (percent != std::string_view::npos) {
    const std::string_view zone = host.substr(percent + 1);
    const auto number = ParseNumber<uint32_t>(zone);
    out.sin6_scope_id = number ? *number : if_nametoindex(std::string(zone).c_str());
    if (out.sin6_scope_id == 0) return false;
    host = host.substr(0, percent);
  }
  return inet_pton(AF_INET6, std::string(host).c_str(), &out.sin6_addr) == 1;
}

Status BadAddress(std::string_view text, std::string_view why) {
  return Status::Config("'" + std::string(text) + "' is not an address: " + std::string(why) +
                        "; write it like 192.0.2.1:53 or [2001:db8::1]:53");
}

}  // namespace

SocketAddress SocketAddress::From(const sockaddr* address, socklen_t length) {
  SocketAddress result;
  if (address == nullptr || length < sizeof(sa_family_t)) return result;
  sa_family_t family = 0;
  std::memcpy(&family, address, sizeof family);
  socklen_t want = 0;
  if (family == AF_INET) want = sizeof(sockaddr_in);
  if (family == AF_INET6) want = sizeof(sockaddr_in6);
  if (want == 0 || length < want) return result;
  std::memcpy(&result.storage_, address, want);
  result.length_ = want;
  return result;
}

Result<SocketAddress> SocketAddress::Parse(std::string_view text, uint16_t default_port) {
  const std::optional<Parts> parts = Split(text);
  if (!parts) return BadAddress(text, "the brackets do not match");
  if (!parts->port && default_port == 0) return BadAddress(text, "the port is missing");
  const auto port = parts->port ? ParseNumber<uint16_t>(*parts->port) : std::optional<uint16_t>(default_port);
  if (!port) return BadAddress(text, "the port must be a number from 0 to 65535");

  const bool bracketed = !text.empty() && text.front() == '[';
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  SocketAddress result;
  if (parts->host.empty() && parts->port && !bracketed) {
    v4.sin_family = AF_INET;
    result = From(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  } else if (!bracketed && ParseV4(parts->host, v4)) {
    result = From(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  } else if (ParseV6(parts->host, v6)) {
    result = From(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  } else {
    return BadAddress(text, "the host must be an IPv4 address or an IPv6 address in brackets");
  }
  result.set_port(*port);
  return result;
}

uint16_t SocketAddress::port() const {
  if (empty()) return 0;
  return ntohs(family() == AF_INET ? storage_.v4.sin_port : storage_.v6.sin6_port);
}

void SocketAddress::set_port(uint16_t port) {
  if (empty()) return;
  (family() == AF_INET ? storage_.v4.sin_port : storage_.v6.sin6_port) = htons(port);
}

bool SocketAddress::is_wildcard() const {
  const std::span<const uint8_t> bytes = ip();
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

bool SocketAddress::is_loopback() const {
  if (empty()) return false;
  if (family() == AF_INET) return ip()[0] == 127;
  const in6_addr& address = storage_.v6.sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && ip()[12] == 127);
}

std::span<const uint8_t> SocketAddress::ip() const {
  if (empty()) return {};
  if (family() == AF_INET) return {reinterpret_cast<const uint8_t*>(&storage_.v4.sin_addr), 4};
  return {storage_.v6.sin6_addr.s6_addr, 16};
}

std::string SocketAddress::ToString() const {
  if (empty()) return "";
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family(), ip().data(), text, sizeof text);
  const std::string port_text = ":" + std::to_string(port());
  if (family() == AF_INET) return text + port_text;
  std::string zone;
  if (storage_.v6.sin6_scope_id != 0) {
    char name[IF_NAMESIZE] = {};
    const bool named = if_indextoname(storage_.v6.sin6_scope_id, name) != nullptr;
    zone = "%" + (named ? std::string(name) : std::to_string(storage_.v6.sin6_scope_id));
  }
  return "[" + (text + zone) + "]" + port_text;
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  if (a.length_ != b.length_) return false;
  if (a.empty()) return true;
  if (a.family() != b.family() || a.port() != b.port()) return false;
  if (a.family() == AF_INET6 && a.storage_.v6.sin6_scope_id != b.storage_.v6.sin6_scope_id) return false;
  return std::ranges::equal(a.ip(), b.ip());
}

}  // namespace signpost::net
