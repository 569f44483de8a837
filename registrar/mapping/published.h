// Signpost. Apache-2.0; see LICENSE.
// What the bindings of a published port mean. Pure.
#pragma once

#include <vector>

#include "registrar/mapping/reach.h"

namespace signpost::registrar {

struct Published {
  // One for each pair of an IPv4 and an IPv6 binding; those beyond loopback first, then by IPv4 host port. A binding on
  // every address leads to the host's address of that family. Addresses on loopback only with publish_loopback.
  std::vector<Reach> reaches;
  bool loopback_left_out = false;
};

Published ReadBindings(const std::vector<HostBinding>& bindings, const MappingOptions& options);

}  // namespace signpost::registrar
