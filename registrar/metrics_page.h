// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "registrar/operations.h"

namespace signpost::registrar {

// The body of /metrics: Prometheus text. No label has a container's, a service's or a user's text in it.
std::string MetricsPage(const OperationsView& view);

}  // namespace signpost::registrar
