// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "lb/operations.h"

namespace signpost::lb {

// The same for people: one page without scripts.
std::string StatusHtml(const OperationsView& view);

}  // namespace signpost::lb
