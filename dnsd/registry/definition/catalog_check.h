// Signpost. Apache-2.0; see LICENSE.
// The Definition of a check in the catalog: others run such checks, the catalog keeps and shows how. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/json/json.h"
#include "dnsd/registry/definition/struct_reader.h"

namespace signpost::registry {

struct CatalogCheck {
  std::string json;  // as it is shown, or "" if nothing is defined
  std::string type;  // "http", "ttl", ... or ""
};

// Unknown keys are ignored, as Consul does here.
Status ReadCatalogCheck(json::Value value, const Place& place, CatalogCheck& out);

// "1h0m0s", "1.5s", "500µs", as Go writes durations.
std::string GoDurationText(int64_t nanos);

}  // namespace signpost::registry
