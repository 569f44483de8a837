// Signpost. Apache-2.0; see LICENSE.
// Who may use the API. Pure.
#pragma once

#include <string>

#include "common/http/server.h"
#include "dnsd/registry/api/routes.h"

namespace signpost::registry {

struct AccessRules {
  std::string token;   // "" = everybody may do everything
  bool reads = false;  // reads need the token as well
};

// The token is taken from ?token=, X-Consul-Token or "Authorization: Bearer", the first that is given. Where it was
// asked for makes no difference: behind a port that Docker publishes, every client may seem to be a local one.
bool MayUse(const AccessRules& rules, const http::ServerRequest& request, RouteKind kind);

}  // namespace signpost::registry
