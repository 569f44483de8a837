// Signpost. Apache-2.0; see LICENSE.
// Which ports of a container are worth asking where they can be reached. Pure.
#pragma once

#include <vector>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// Sorted by number, then protocol.
// Host network: those of -p, else SERVICE_PORTS, else the exposed ones; with HostPorts::kExposed all of them.
// Another container's network: SERVICE_PORTS, else its own exposed ports.
// Else: what the container says of its ports; SERVICE_PORTS adds to it.
std::vector<ContainerPort> CandidatePorts(const Container& container, const Metadata& general,
                                          const MappingOptions& options, Strings& warnings);

// "80,443/tcp,53/udp"; pieces that are no port are left out with a warning, those beyond
// the first 1,024 without.
std::vector<ContainerPort> ReadPortList(std::string_view text, Strings& warnings);

}  // namespace signpost::registrar
