// Signpost. Apache-2.0; see LICENSE.
// What the agent's API writes: services and checks of the own node, as Consul's agent keeps them. Callers have
// validated, and call State::BeginWrite before.
//
// A check that is registered again keeps its status and output, whatever the registration says: only those who run it
// or report for it may change them. The registry's own service and check are no business of the agent's API: it does
// not show them, and does not touch them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// A service with its checks, as defined: without node and indexes.
struct AgentService {
  ServiceRow service;
  std::vector<CheckRow> checks;
};

inline constexpr std::string_view kOwnServiceId = "consul";    // the registry's own service
inline constexpr std::string_view kOwnCheckId = "serfHealth";  // that the own node is alive

bool IsOwnService(std::string_view id);  // in any letter case
bool IsOwnCheck(std::string_view check_id);

// What the agent's API shows of node `node`: exact letter case of the ID; null for the registry's own.
RowPtr<ServiceRow> FindAgentService(const State& state, std::string_view node, std::string_view id);
RowPtr<CheckRow> FindAgentCheck(const State& state, std::string_view node, std::string_view check_id);
RowList<ServiceRow> AgentServices(const State& state, std::string_view node);  // by ID
RowList<CheckRow> AgentChecks(const State& state, std::string_view node);      // by ID

// Adds or replaces. Checks of the service that `defined` does not name stay, unless `replace_checks`. False: the ID is
// the registry's own, or there is no such node.
bool RegisterAgentService(State& state, std::string_view node, AgentService defined, bool replace_checks);
// Adds or replaces. False: the ID is the registry's own, or there is no such node or service.
bool RegisterAgentCheck(State& state, std::string_view node, CheckRow check);
// With its checks. False: nothing was to remove.
bool DeregisterAgentService(State& state, std::string_view node, std::string_view id);
bool DeregisterAgentCheck(State& state, std::string_view node, std::string_view check_id);

// Maintenance is a critical check. Switching on what is on keeps the first reason. An empty `reason` becomes Consul's
// default text. False: no such service, or nothing to change.
bool SetServiceMaintenance(State& state, std::string_view node, std::string_view id, bool on, std::string reason);
bool SetNodeMaintenance(State& state, std::string_view node, bool on, std::string reason);

}  // namespace signpost::registry
