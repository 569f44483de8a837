// Signpost. Apache-2.0; see LICENSE.
// Which of a container's networks its address is taken from. Pure.
#pragma once

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// The network of this name or ID; null when the container is not attached to it. "default" is "bridge".
const NetworkAttachment* FindNetwork(const Container& container, std::string_view name_or_id);

// The first with an address among: `wanted`, --network, the network that the container was created with, the others by
// name. Always the same answer for the same container. Null: no network has an address.
const NetworkAttachment* ChooseNetwork(const Container& container, const Strings& wanted,
                                       const MappingOptions& options);

// On a network of somebody's making: neither bridge nor host nor none nor another container's.
bool OnUserNetwork(const Container& container);

}  // namespace signpost::registrar
