// Signpost. Apache-2.0; see LICENSE.
// The resolver on the operations pages. Control thread; reads only.
#pragma once

#include "common/base/metrics.h"
#include "common/json/json.h"
#include "dnsd/operations.h"

namespace signpost::dnsd {

void AppendResolverMetrics(const OperationsView& view, MetricsText& text);
// Adds the key "resolver" to the object that is open.
void WriteResolverStatus(const OperationsView& view, json::Writer& out);

}  // namespace signpost::dnsd
