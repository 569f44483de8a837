// Signpost. Apache-2.0; see LICENSE.
// The agent's view of services and checks, which differs from the catalog's. Each writes one JSON value.
#pragma once

#include <string_view>

#include "common/json/json.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// `content_hash` "": not shown.
void WriteAgentService(json::Writer& out, const ServiceRow& row, std::string_view content_hash = {});
void WriteAgentCheck(json::Writer& out, const CheckRow& row);
// In agent/health, where Consul leaves out tags, type and definition.
void WriteHealthCheck(json::Writer& out, const CheckRow& row);

}  // namespace signpost::registry
