// Signpost. Apache-2.0; see LICENSE.
// registrar's options about the Docker Engine. The variables are those of Docker's own client.
#pragma once

#include "common/base/status.h"
#include "common/options/options.h"
#include "common/options/row.h"
#include "registrar/docker/engine_client.h"

namespace signpost::registrar {

options::Rows DockerRows();

// kConfig names the option that is at fault, or says what the address should look like.
Result<EngineOptions> ReadEngineOptions(const options::Values& values);

}  // namespace signpost::registrar
