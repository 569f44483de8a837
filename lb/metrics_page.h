// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "lb/operations.h"

namespace signpost::lb {

// All numbers in Prometheus text. docs/lb.md lists the names. Series of an endpoint end five minutes after its removal.
std::string MetricsPage(const OperationsView& view);

}  // namespace signpost::lb
