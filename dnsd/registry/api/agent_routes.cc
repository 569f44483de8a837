// Signpost. Apache-2.0; see LICENSE.
// /v1/agent: what Consul's agent says of itself, and its own services and checks.
#include "dnsd/registry/api/agent_endpoints.h"

namespace signpost::registry {

Routes AgentRoutes() {
  Routes all;
  for (const auto make : {AgentServiceRoutes, AgentCheckRoutes, AgentHealthRoutes, AgentSelfRoutes}) {
    const Routes routes = make();
    all.insert(all.end(), routes.begin(), routes.end());
  }
  return all;
}

}  // namespace signpost::registry
