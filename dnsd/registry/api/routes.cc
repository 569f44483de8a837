// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/routes.h"

namespace signpost::registry {
namespace {

bool Fits(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with('*')) return pattern == path;
  return path.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Routes AllRoutes() {
  Routes all;
  for (const auto make : {StatusRoutes, AgentRoutes, CatalogRoutes, HealthRoutes, InternalRoutes, KvRoutes,
                          SessionRoutes, QueryRoutes, EventRoutes}) {
    const Routes routes = make();
    all.insert(all.end(), routes.begin(), routes.end());
  }
  return all;
}

std::vector<const Route*> Match(const Routes& routes, std::string_view path) {
  std::vector<const Route*> best;
  for (const Route& route : routes) {
    if (!Fits(route.pattern, path)) continue;
    if (!best.empty() && best.front()->pattern.size() > route.pattern.size()) continue;
    if (!best.empty() && best.front()->pattern.size() < route.pattern.size()) best.clear();
    best.push_back(&route);
  }
  return best;
}

}  // namespace signpost::registry
