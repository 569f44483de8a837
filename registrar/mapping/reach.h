// Signpost. Apache-2.0; see LICENSE.
// Where one port can be reached, by family; and what becomes its address. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "registrar/mapping/endpoints.h"

namespace signpost::registrar {

struct Located {
  std::string address;  // "" = the node's
  uint16_t port = 0;
};

struct Reach {
  std::optional<Located> ipv4;
  std::optional<Located> ipv6;
};

// The host's own addresses. With neither known: the node's.
Reach HostReach(const MappingOptions& options, uint16_t port);
// The addresses of a network.
Reach NetworkReach(const NetworkAttachment& network, uint16_t port);

// IPv4 first and IPv6 tagged, or the one family that is asked for. False: not reachable by that family; `endpoint` is
// as before.
bool Place(const Reach& reach, Family family, Endpoint& endpoint);

}  // namespace signpost::registrar
