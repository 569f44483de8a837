// Signpost. Apache-2.0; see LICENSE.
// registrar's options about the way from containers to services. All of them may change by SIGHUP.
#pragma once

#include "common/base/status.h"
#include "common/options/options.h"
#include "common/options/row.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// Which containers and ports become services, and by what address.
options::Rows SelectionRows();
// What the services look like.
options::Rows ServiceRows();

// All but the host's addresses (host_address.h) and the mirrored check's TTL. kConfig names the option at fault.
Result<MappingOptions> ReadMappingOptions(const options::Values& values);

// "a, b" and repeated options alike; blanks around a name do not count, nor do empty names.
Strings SplitNames(const Strings& texts);

}  // namespace signpost::registrar
