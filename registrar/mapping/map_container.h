// Signpost. Apache-2.0; see LICENSE.
// The one function from a container to its services. Pure and total.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "registrar/container/container.h"
#include "registrar/mapping/options.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

// The container of a full ID whose network namespace another one shares; null when not known (yet). Valid during the
// call.
using FindContainer = std::function<const Container*(std::string_view id)>;

struct Mapping {
  // In the order of ports; IDs are unique, those of checks as well. At most 4,096, with texts of at most 32 MiB.
  std::vector<Service> services;
  // Sentences for the log: what was corrected, dropped or skipped, and what to do; at most 64 of at most 300 bytes.
  Strings warnings;
};

// As if the container ran: whether it does (IsUp) is the caller's business.
Mapping MapContainer(const Container& container, const MappingOptions& options, const FindContainer& find);

}  // namespace signpost::registrar
