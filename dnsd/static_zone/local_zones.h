// Signpost. Apache-2.0; see LICENSE.
// The zones that every resolver should answer itself and never forward: RFC 6303 (reverse names of private and special
// addresses), RFC 6761 (localhost, invalid), RFC 6762 (local), RFC 7686 (onion), RFC 8375 (home.arpa), RFC 9462
// (resolver.arpa). Their master files lie in zones/local and are built into the program.
#pragma once

#include <memory>
#include <vector>

#include "dnsd/static_zone/zone.h"

namespace signpost::static_zone {

// Parsed once at the first call; aborts if a file of our own is wrong, which a test rules out.
const std::vector<std::shared_ptr<const Zone>>& LocalZones();

}  // namespace signpost::static_zone
