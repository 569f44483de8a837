// Signpost. Apache-2.0; see LICENSE.
// Names and IDs of services. Pure.
#pragma once

#include <string>
#include <string_view>

#include "registrar/container/container.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// What people call the container: its name, else the beginning of its ID.
std::string CallName(const Container& container);

// The name without any key: of a swarm task its service's, else the image's last path element without tag and digest;
// of a container created from an image ID its compose service label, else the container's name. Never empty unless the
// container has neither name nor ID. Registrator's rule with Compat::kRegistrator.
std::string DefaultName(const Container& container, Compat compat);

// "<node>:<container name>:<port>", ":udp" or ":sctp" appended unless TCP. Port 0: "<node>:<container name>:0".
std::string GeneratedId(std::string_view node_id, std::string_view container_name, uint16_t port, Protocol protocol);

// Lower-case letters, digits and hyphens, at most 63; other characters become single hyphens, none at the ends; never
// empty.
std::string DnsSafe(std::string_view name);

}  // namespace signpost::registrar
