// Signpost. Apache-2.0; see LICENSE.
// Prepared queries and what they find, as the API shows them. Each writes one JSON value.
#pragma once

#include "common/json/json.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// A rendered template shows its tags as [] where others show null.
void WriteQuery(json::Writer& out, const QueryRow& query, bool rendered = false);
// [{Node, Service, Checks}]
void WriteFound(json::Writer& out, const State& state, const RowList<ServiceRow>& instances);

}  // namespace signpost::registry
