// Signpost. Apache-2.0; see LICENSE.
// Writes to nodes, services and checks that keep what must hold between them: no service without its node, no check
// without its service, no session that outlives its checks. Callers have validated, and call State::BeginWrite before.
#pragma once

#include <string_view>

#include "dnsd/registry/model/state.h"

namespace signpost::registry {

inline constexpr std::string_view kNodeMaintenance = "_node_maintenance";
inline constexpr std::string_view kServiceMaintenance = "_service_maintenance:";  // and the service's ID
inline constexpr std::string_view kPassing = "passing";
inline constexpr std::string_view kWarning = "warning";
inline constexpr std::string_view kCritical = "critical";

// Fills service_name and service_tags of a service's check. Sessions that need the check end when it is critical.
// False: nothing was to change, or its service or node does not exist.
bool PutCheck(State& state, CheckRow check);
// A check whose only news is status and output.
bool PutCheckStatus(State& state, std::string_view node, std::string_view check_id, std::string_view status,
                    std::string_view output);
// A service. As in Consul the copies of its name and tags in its checks stay until the checks are put themselves.
// False: nothing was to change, or its node does not exist.
bool PutService(State& state, ServiceRow service);
// With everything that belongs to it. Sessions of a node end with it.
bool RemoveNode(State& state, std::string_view node);
bool RemoveService(State& state, std::string_view node, std::string_view id);
bool RemoveCheck(State& state, std::string_view node, std::string_view check_id);

}  // namespace signpost::registry
