// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "dnsd/operations.h"

namespace signpost::dnsd {

// All workers' counters added up, the feed's state and the catalog's size, in Prometheus text. docs/dns.md lists the
// names.
std::string MetricsPage(const OperationsView& view);

}  // namespace signpost::dnsd
