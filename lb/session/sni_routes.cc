// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/sni_routes.h"

#include <algorithm>

namespace signpost::lb {
namespace {

// How well `host` fits: 0 = not at all; else the longer the better.
size_t Fit(std::string_view host, std::string_view server_name) {
  if (host == "*") return 1;
  if (server_name.empty() || server_name.front() == '*') return 0;
  if (host == server_name) return server_name.size() + 2;
  const bool below =
      host.starts_with("*.") && host.size() <= server_name.size() && server_name.ends_with(host.substr(1));
  return below ? host.size() : 0;
}

}  // namespace

const SniRoute* FindSniRoute(std::span<const SniRoute> routes, std::string_view server_name) {
  const SniRoute* best = nullptr;
  size_t best_fit = 0;
  for (const SniRoute& route : routes) {
    const size_t fit = Fit(route.host, server_name);
    if (fit <= best_fit) continue;
    best = &route;
    best_fit = fit;
  }
  return best;
}

const SniRoute* FindSniRoute(const Routes& routes, const net::SocketAddress& listener, std::string_view server_name) {
  const auto plan = std::find_if(routes.listeners.begin(), routes.listeners.end(),
                                 [&](const ListenerPlan& one) { return one.address == listener; });
  return plan == routes.listeners.end() ? nullptr : FindSniRoute(plan->sni, server_name);
}

}  // namespace signpost::lb
