// Signpost. Apache-2.0; see LICENSE.
// `registrar plan`: looks once at the engine and the agent, prints what the daemon would write. Only GET requests.
#pragma once

#include "registrar/registrar_options.h"

namespace signpost::registrar {

// The exit code: 0 without differences, 2 with, 1 when one of the two could not be read.
int RunPlan(const RegistrarOptions& options);

}  // namespace signpost::registrar
