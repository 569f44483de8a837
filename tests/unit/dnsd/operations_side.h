// Signpost. Apache-2.0; see LICENSE.
// ForwardingSide with the view that the operations pages have of it.
#pragma once

#include "dnsd/operations.h"
#include "tests/unit/dnsd/forwarding_side.h"

namespace signpost::dnsd {

class OperationsSide : public ForwardingSide {
 protected:
  Publisher publisher{loop, settings, workers};
  OperationsView view{workers, publisher, forwarding, nullptr, nullptr, addresses, SystemClock().Monotonic()};
};

}  // namespace signpost::dnsd
