// Signpost. Apache-2.0; see LICENSE.
// Proxy of a service definition: what the rules need of it, and its JSON as the catalog shows it. Pure.
#pragma once

#include <string>

#include "common/json/json.h"
#include "dnsd/registry/definition/service_rules.h"
#include "dnsd/registry/definition/struct_reader.h"

namespace signpost::registry {

// Reads `value` (absent or null: a proxy that says nothing) into `fields`, and into `json` as
// {"DestinationServiceName": ..., "Upstreams": [...], "MeshGateway": {}, "Expose": {}}; fields that are not given are
// left out.
Status ReadProxy(json::Value value, const Place& place, ProxyFields& fields, std::string& json);

// `json` as ReadProxy made it, in the form of the agent's endpoints, which leave more out.
std::string AgentProxy(const std::string& json);

}  // namespace signpost::registry
