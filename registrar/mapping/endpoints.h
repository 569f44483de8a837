// Signpost. Apache-2.0; see LICENSE.
// Which ports of a container can be reached, and where. Pure.
//
// Address and port always come from the same place: the host's (its own network, or a published port) or the
// container's (--internal, or a SERVICE_NETWORK of its own). SERVICE_IP and --useIpFromLabel replace the address,
// SERVICE_PORT the port.
#pragma once

#include <string>
#include <vector>

#include "registrar/mapping/map_container.h"
#include "registrar/mapping/metadata.h"

namespace signpost::registrar {

struct Endpoint {
  uint16_t container_port = 0;  // 0 = a service without a port
  Protocol protocol = Protocol::kTcp;
  std::string address;  // "" = the node's
  uint16_t port = 0;
  std::vector<TaggedAddress> tagged_addresses;
  bool extra_binding = false;  // --all-bindings: not the first of its container port; the ID then ends in "@<port>"
};

// In the order of container ports. Ports that are published on loopback only, on no address of a usable family, ... are
// left out with a warning. Ignored ports (SERVICE_x_IGNORE) are still in it, without warnings.
std::vector<Endpoint> FindEndpoints(const Container& container, const MetadataSource& metadata,
                                    const MappingOptions& options, const FindContainer& find, Strings& warnings);

}  // namespace signpost::registrar
