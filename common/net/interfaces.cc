// Signpost. Apache-2.0; see LICENSE.
#include "common/net/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/net/address.h"

namespace signpost::net {
namespace {

bool IsGlobal(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const uint32_t ip = ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
    return (ip >> 24) != 127 && (ip >> 16) != 0xa9fe;
  }
  if (address->sa_family != AF_INET6) return false;
  const in6_addr& ip = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return !IN6_IS_ADDR_LOOPBACK(&ip) && !IN6_IS_ADDR_LINKLOCAL(&ip);
}

std::string TextOf(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* ip = address->sa_family == AF_INET
                       ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                       : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  return inet_ntop(address->sa_family, ip, text.data(), text.size()) == nullptr ? "" : text.data();
}

// Calls `visit` for each IPv4 or IPv6 address of an interface that is up, until it returns true.
template <typename Visit>
void ForEachAddress(Visit visit) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0) continue;
    const int family = each->ifa_addr->sa_family;
    if ((family == AF_INET || family == AF_INET6) && visit(each->ifa_name, each->ifa_addr)) return;
  }
}

std::span<const uint8_t> BytesOf(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    return {reinterpret_cast<const uint8_t*>(&ip), sizeof ip};
  }
  const auto& ip = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return {reinterpret_cast<const uint8_t*>(&ip), sizeof ip};
}

struct Prefix {
  std::vector<uint8_t> address;  // 4 or 16 bytes, network order
  size_t bits = 0;

  bool Holds(std::span<const uint8_t> ip) const {
    if (ip.size() != address.size()) return false;
    const size_t whole = bits / 8;
    if (!std::equal(address.begin(), address.begin() + static_cast<ptrdiff_t>(whole), ip.begin())) return false;
    const size_t rest = bits % 8;
    return rest == 0 || ((address[whole] ^ ip[whole]) >> (8 - rest)) == 0;
  }
};

std::optional<Prefix> ParsePrefix(std::string_view cidr) {
  const size_t slash = cidr.find('/');
  const std::string host(cidr.substr(0, slash));
  const bool v6 = host.find(':') != std::string::npos;
  Prefix prefix;
  prefix.address.resize(v6 ? 16 : 4);
  if (inet_pton(v6 ? AF_INET6 : AF_INET, host.c_str(), prefix.address.data()) != 1) return std::nullopt;
  prefix.bits = prefix.address.size() * 8;
  if (slash == std::string_view::npos) return prefix;
  const std::string_view length = cidr.substr(slash + 1);
  const size_t most = prefix.bits;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), prefix.bits);
  if (error != std::errc() || end != length.data() + length.size() || prefix.bits > most) return std::nullopt;
  return prefix;
}

// Documentation addresses (RFC 5737, RFC 3849): routed like any other, used by nobody.
SocketAddress FarAddress(int family) {
  const auto address = SocketAddress::Parse(family == AF_INET6 ? "[2001:db8::1]:9" : "203.0.113.1:9", 9);
  return address.ok() ? address.value() : SocketAddress();
}

}  // namespace

std::string FirstGlobalAddress() {
  for (const int family : {AF_INET, AF_INET6}) {
    std::string found;
    ForEachAddress([&](const char*, const sockaddr* address) {
      if (address->sa_family == family && IsGlobal(address)) found = TextOf(address);
      return !found.empty();
    });
    if (!found.empty()) return found;
  }
  return {};
}

std::string AddressOfInterface(const std::string& name, int family) {
  std::string found;
  ForEachAddress([&](const char* interface, const sockaddr* address) {
    if (name == interface && address->sa_family == family && IsGlobal(address)) found = TextOf(address);
    return !found.empty();
  });
  return found;
}

std::string AddressInPrefix(std::string_view cidr) {
  const auto prefix = ParsePrefix(cidr);
  if (!prefix) return {};
  std::string found;
  for (const bool usable : {true, false}) {
    ForEachAddress([&](const char*, const sockaddr* address) {
      if (IsGlobal(address) == usable && prefix->Holds(BytesOf(address))) found = TextOf(address);
      return !found.empty();
    });
    if (!found.empty()) return found;
  }
  return {};
}

bool IsPrefix(std::string_view cidr) { return ParsePrefix(cidr).has_value(); }

std::string RouteAddress(int family) {
  if (family != AF_INET && family != AF_INET6) return {};
  const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  const SocketAddress far = FarAddress(family);
  SocketAddress own;
  socklen_t length = SocketAddress::kCapacity;
  const bool known = connect(fd, far.get(), far.length()) == 0 && getsockname(fd, own.get(), &length) == 0;
  close(fd);
  return known && IsGlobal(own.get()) ? TextOf(own.get()) : std::string();
}

std::vector<SocketAddress> HostAddresses() {
  std::vector<SocketAddress> addresses;
  ForEachAddress([&](const char*, const sockaddr* address) {
    const socklen_t length = address->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    addresses.push_back(SocketAddress::From(address, length));
    return false;
  });
  return addresses;
}

}  // namespace signpost::net
