// Signpost. Apache-2.0; see LICENSE.
// Which of its registered addresses an instance or a node shows for which question.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/consul/types.h"

namespace signpost::service_zone {

using Ipv4 = std::array<uint8_t, 4>;   // network order
using Ipv6 = std::array<uint8_t, 16>;  // network order

std::optional<Ipv4> ParseIpv4(std::string_view text);
std::optional<Ipv6> ParseIpv6(std::string_view text);  // an IPv4-mapped address is IPv4, not IPv6

enum class Family : unsigned char { kV4, kV6, kAny };

// What an address text turned out to be. At most one member is set; none for an empty text.
struct Address {
  std::optional<Ipv4> v4;
  std::optional<Ipv6> v6;
  std::string_view host;  // points into the text given
};
Address ParseAddress(std::string_view text);

// The tagged LAN address of that family, or else `address`. For kAny IPv6 goes before IPv4.
// `translated`: the wan_* tags stand in for the lan_* tags (a client of another datacenter).
std::string_view ChooseText(Family family, const std::string& address, const std::vector<consul::TaggedAddress>& tagged,
                            bool translated);

// Everything an instance or a node may answer with. `v4` and `v6` are for A and AAAA, `primary` for SRV targets.
struct AddressChoice {
  std::optional<Ipv4> v4;
  std::optional<Ipv6> v6;
  std::string host;           // a host name instead of addresses: answers are CNAME (A, AAAA, ANY)
  Address primary;            // host points into the registered texts
  bool from_service = false;  // primary comes from the service, not from its node
  bool is_node_main = false;  // primary is the node's main address: SRV targets name the node
};
AddressChoice ChooseForNode(const consul::Node& node, bool translated);
AddressChoice ChooseForInstance(const consul::ServiceInstance& instance, bool translated);

}  // namespace signpost::service_zone
