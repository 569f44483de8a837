// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

#include "registrar/operations.h"

namespace signpost::registrar {

// The body of /status: JSON, without secrets. Every service that should stand and every trouble.
std::string StatusPage(const OperationsView& view);

}  // namespace signpost::registrar
