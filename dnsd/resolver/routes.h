// Signpost. Apache-2.0; see LICENSE.
// Which upstreams are asked about a name. Immutable; shared by all loops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/net/address.h"
#include "dnsd/wire/name.h"

namespace signpost::resolver {

struct Route {
  wire::Name zone;  // the root for the default route
  std::vector<net::SocketAddress> upstreams;
  uint32_t id = 0;  // equal for equal (zone, upstreams), whatever else changes
};

class Routes {
 public:
  explicit Routes(std::vector<Route> routes);

  // The route of the longest zone that `name` lies in; null when there is none, not even a default one. A zone's
  // upstreams never stand in for another's (F67).
  const Route* Find(const wire::Name& name) const;
  const std::vector<Route>& all() const { return routes_; }
  bool has_default() const;

 private:
  std::vector<Route> routes_;  // by label count, longest first
};

}  // namespace signpost::resolver
