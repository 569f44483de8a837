// Signpost. Apache-2.0; see LICENSE.
// Service definition files, as Consul's agent loads them: {"service": {...}}, {"services": [...]}, {"check": {...}},
// {"checks": [...]}, or several of these. JSON with comments; keys in camel or snake case. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "dnsd/registry/model/agent_writes.h"

namespace signpost::registry {

struct ServiceFile {
  std::vector<AgentService> services;
  std::vector<CheckRow> checks;  // of the node, or of the service with their service_id, in this file or elsewhere
};

// kConfig: one sentence that names the entry, or line and column of bad JSON. The caller adds the file's name.
Result<ServiceFile> ReadServiceFile(std::string_view text);

}  // namespace signpost::registry
