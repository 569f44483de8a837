// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "lb/operations.h"

namespace signpost::lb {

// Everything that is known, as JSON.
std::string StatusPage(const OperationsView& view);

}  // namespace signpost::lb
