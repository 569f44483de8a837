// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string_view>

#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// A node by its name or, when no node is called so, by its UUID or at least the first two characters of it, if only one
// node's begins so. Null: none.
RowPtr<NodeRow> FindNodeByNameOrId(const State& state, std::string_view text);

}  // namespace signpost::registry
