// Signpost. Apache-2.0; see LICENSE.
// What several names of one service say together. Pure.
#pragma once

#include <string>
#include <vector>

#include "lb/discovery/loss_guard.h"
#include "lb/discovery/source.h"

namespace signpost::lb {

// One service from its parts, those with a version first: an address that two parts name is the first one's. `tags` are
// those of the service whatever its instances say.
DiscoveredService ComposeService(const std::string& name, const std::vector<const LossGuard*>& parts,
                                 const std::vector<std::string>& tags);

bool SameService(const DiscoveredService& a, const DiscoveredService& b);

}  // namespace signpost::lb
