// Signpost. Apache-2.0; see LICENSE.
// Endpoints of Consul that an embedded registry has nothing for: ACLs, the service mesh, configuration entries, the
// operator's. They answer as a Consul does where these are switched off, or say that they are not served.
#pragma once

#include "dnsd/registry/api/routes.h"

namespace signpost::registry {

Routes RefusalRoutes();

}  // namespace signpost::registry
