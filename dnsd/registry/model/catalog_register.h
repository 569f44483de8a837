// Signpost. Apache-2.0; see LICENSE.
// What the catalog's API writes: a node with a service and checks on it, all or nothing, by Consul's rules. Callers
// have validated each row by itself, and call State::BeginWrite before.
//
// The registry's own node is taken as it is: its address, metadata and ID do not change, and it, its own service and
// its own check stay. (A Consul agent would put them back within a minute.)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

struct Registration {
  NodeRow node;
  bool skip_node_update = false;      // a node that exists stays as it is
  std::optional<ServiceRow> service;  // its node is filled in
  std::vector<CheckRow> checks;       // a node that one names must be this one; otherwise it is filled in
};

// kInvalid: the text of Consul's 500, and nothing has changed.
Status Register(State& state, std::string_view own_node, Registration registration);

// The service, the check, or with neither the node and all that is on it. What is not there needs no removing.
struct Deregistration {
  std::string node;
  std::string service_id;
  std::string check_id;
};
void Deregister(State& state, std::string_view own_node, const Deregistration& deregistration);

}  // namespace signpost::registry
