// Signpost. Apache-2.0; see LICENSE.
// Which user events may be fired, and which the own node hears of.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/engine/event_ring.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// kInvalid: what is wrong with the event, in Consul's words. `logical_time` is the one that it will have.
Status CheckEvent(const Event& event, uint64_t logical_time);

// Whether the event's filters let the own node hear of it, which has passed CheckEvent.
bool ReachesOwnNode(const State& state, std::string_view own_node, const Event& event);

// The index that stands for a list whose newest event has this ID: its halves combined by exclusive or.
uint64_t IndexOfEvent(std::string_view uuid);

}  // namespace signpost::registry
