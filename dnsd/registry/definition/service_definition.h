// Signpost. Apache-2.0; see LICENSE.
// Definitions of services: JSON to rows, by Consul's rules and in its words. Pure.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "common/json/json.h"
#include "dnsd/registry/definition/struct_reader.h"
#include "dnsd/registry/model/agent_writes.h"

namespace signpost::registry {

// `value` is one definition with its checks. The checks have the IDs "service:<id>", or "service:<id>:1" and so on when
// there are several, unless they say otherwise. kInvalid: what is wrong, "Request decode failed" not included.
struct DefinedService {
  Status json;   // what is wrong with the JSON
  Status rules;  // what is wrong with what it says
  AgentService service;
};
DefinedService ReadService(json::Value value, Author author);

// The body of agent/service/register. kInvalid: the text of Consul's 400.
Result<AgentService> ReadServiceBody(std::string_view body);

}  // namespace signpost::registry
