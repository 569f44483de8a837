// Signpost. Apache-2.0; see LICENSE.
// Writes of prepared queries, by Consul's rules for names, sessions and templates. Callers have validated the rest, and
// call State::BeginWrite before.
#pragma once

#include "common/base/status.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// Adds the query, or replaces the one with its ID. kInvalid: the text of Consul's 500, and nothing has changed.
Status PutQuery(State& state, QueryRow query);

}  // namespace signpost::registry
