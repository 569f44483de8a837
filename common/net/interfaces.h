// Signpost. Apache-2.0; see LICENSE.
// The addresses of this machine. All ask the kernel each time; any thread may call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/net/address.h"

namespace signpost::net {

// The first IPv4 address, else IPv6 address, of an interface that is up, without loopback and link-local ones; empty if
// there is none.
std::string FirstGlobalAddress();

// The first address of `family` (AF_INET, AF_INET6) of the interface, which must be up; loopback and link-local
// addresses do not count. Empty if there is none.
std::string AddressOfInterface(const std::string& name, int family);

// The first address of an interface that is up within the prefix: "192.0.2.0/24", "2001:db8::/32"; without a length
// that address alone. Loopback and link-local ones only when there is no other. Empty if there is none, and for what is
// no prefix.
std::string AddressInPrefix(std::string_view cidr);
bool IsPrefix(std::string_view cidr);

// Every address of every interface that is up, loopback included; port 0.
std::vector<SocketAddress> HostAddresses();

// The source address of what leaves by the default route of `family`. Nothing is sent. Empty if there is no such route
// or the address is loopback or link-local.
std::string RouteAddress(int family);

}  // namespace signpost::net
