// Signpost. Apache-2.0; see LICENSE.
// registrar's options about the Consul agent.
#pragma once

#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/options/options.h"
#include "common/options/row.h"

namespace signpost::registrar {

// The shared rows and those that only registrar has.
options::Rows ConsulRows();

// The agent on this host when no address is given. kConfig names the option that is at fault.
Result<consul::AgentOptions> ReadAgentOptions(const options::Values& values);

}  // namespace signpost::registrar
