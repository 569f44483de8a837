// Signpost. Apache-2.0; see LICENSE.
// What a prepared query finds. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// The query called `id_or_name`, rendered if it is a template: by ID, else by name in any letter case, else the
// template with the longest name that the name begins with. kNotFound: none; kInvalid: the text of Consul's 500.
Result<QueryRow> ResolveQuery(const State& state, std::string_view id_or_name);

// The instances that a resolved query lets through, by node name and ID: never those with a critical check. Failover
// never happens: no other datacenter is known.
RowList<ServiceRow> ExecuteQuery(const State& state, const QueryRow& query);

// Those on the own node come first if `near` ("_agent" or a node's name) says so. As there are no distances but that to
// the own node, nothing else changes. True: something was near.
bool OrderByNearness(RowList<ServiceRow>& instances, std::string_view near, std::string_view own_node);

}  // namespace signpost::registry
