// Signpost. Apache-2.0; see LICENSE.
// /v1/agent by areas.
#pragma once

#include <optional>
#include <string>

#include "dnsd/registry/api/routes.h"

namespace signpost::registry {

Routes AgentServiceRoutes();  // services, service/...
Routes AgentCheckRoutes();    // checks, check/..., maintenance
Routes AgentHealthRoutes();   // health/service/...
Routes AgentSelfRoutes();     // self, members, metrics, reload, and what only a cluster can do

// What ?enable= of a maintenance endpoint says, or why it cannot be read.
struct Switch {
  bool on = false;
  std::optional<Answer> refused;
};
Switch ReadEnable(const Call& call);

// What registering a check that runs a program is answered without --enable-script-checks.
inline Answer ScriptsAreDisabled() {
  return TextAnswer(
      500, "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true");
}

}  // namespace signpost::registry
