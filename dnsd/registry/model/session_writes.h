// Signpost. Apache-2.0; see LICENSE.
// Ending sessions, with what they held. Callers call State::BeginWrite before.
#pragma once

#include <string>
#include <string_view>

#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// Ends a session: its keys are released or deleted, as its behaviour says, and locked for its lock delay
// (State::NoteLockDelay), and its prepared queries go with it. False: no such session.
bool DestroySession(State& state, const std::string& id);
// Those that need this check, which is critical or gone.
void EndSessionsOfCheck(State& state, std::string_view node, std::string_view check_id);
// Those that belong to this node, which is gone.
void EndSessionsOfNode(State& state, std::string_view node);

}  // namespace signpost::registry
