// Signpost. Apache-2.0; see LICENSE.
// The API's table of endpoints. Each *_routes.cc file adds those of one area.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dnsd/registry/api/call.h"

namespace signpost::registry {

enum class RouteKind : unsigned char {
  kRead,   // takes QueryOptions, answers with the consistency headers, may block
  kAgent,  // about the agent itself: neither (may block by content)
  kWrite,  // changes the state; the answer waits until the change has settled
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // a whole path, or a beginning that ends in '*'; the longest match counts
  RouteKind kind = RouteKind::kRead;
  // Called on the control thread. Reads must not change the state. A write that answers with a status of 400 or more
  // has changed nothing. Both may be called again with the same call.
  Answer (*handle)(Engine& engine, const Call& call) = nullptr;
};

using Routes = std::vector<Route>;

// What each area serves.
Routes StatusRoutes();    // /v1/status, /v1/catalog/datacenters, /v1/coordinate, what Consul has and this has not
Routes AgentRoutes();     // /v1/agent about itself, its services and checks
Routes CatalogRoutes();   // /v1/catalog
Routes HealthRoutes();    // /v1/health
Routes InternalRoutes();  // /v1/internal/ui
Routes KvRoutes();        // /v1/kv, /v1/txn
Routes SessionRoutes();   // /v1/session
Routes QueryRoutes();     // /v1/query
Routes EventRoutes();     // /v1/event

// All of the above.
Routes AllRoutes();

// Of all routes that match `path`, those with the longest pattern: one per method, or none.
std::vector<const Route*> Match(const Routes& routes, std::string_view path);

}  // namespace signpost::registry
