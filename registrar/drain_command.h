// Signpost. Apache-2.0; see LICENSE.
// `registrar drain CONTAINER`: marks its services, waits until nobody has an old answer any more, and stops it.
#pragma once

#include "registrar/registrar_options.h"

namespace signpost::registrar {

// The exit code: 0 when the container has been stopped (or did not run), 1 when not; the marks are lifted then, but for
// a second signal, which ends it at once.
int RunDrain(const RegistrarOptions& options);

}  // namespace signpost::registrar
