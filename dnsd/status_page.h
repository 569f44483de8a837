// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "dnsd/operations.h"

namespace signpost::dnsd {

// What an operator asks first, as one JSON object: who answers where, from what catalog, how old. No secrets.
std::string StatusPage(const OperationsView& view);

}  // namespace signpost::dnsd
