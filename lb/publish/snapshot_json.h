// Signpost. Apache-2.0; see LICENSE.
// What dynamic sources said last, as JSON text for the snapshot file. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "lb/discovery/source.h"

namespace signpost::lb {

struct SavedService {
  SourceKind kind = SourceKind::kConsul;
  DiscoveredServicePtr service;  // never null
};

// {"version": 1, "services": [{"source": "consul", "name": "web", "instances": [{"address": "192.0.2.1:80", ...}],
// ...}]}
std::string WriteSnapshot(const std::vector<SavedService>& services);

// The services come back as kHeld. kInvalid: not such a text. An entry that cannot be used is left out.
Result<std::vector<SavedService>> ReadSnapshot(std::string_view json);

}  // namespace signpost::lb
