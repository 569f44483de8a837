// Signpost. Apache-2.0; see LICENSE.
// The registry's own node in its own catalog, as a Consul server stands in its own. Pure.
#pragma once

#include <string>

#include "dnsd/registry/model/state.h"

namespace signpost::registry {

struct OwnNode {
  std::string name;
  std::string id;  // UUID
  std::string address;
  std::string datacenter;
};

// Puts the node with its address, the service "consul" and the check "serfHealth". `earlier_name`, if it is not empty
// and another, is the name that the node had when it last ran: what was registered under it moves to the new one.
void PutOwnNode(State& state, const OwnNode& own, const std::string& earlier_name);

}  // namespace signpost::registry
