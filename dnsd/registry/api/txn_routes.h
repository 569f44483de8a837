// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include "dnsd/registry/api/call.h"

namespace signpost::registry {

// PUT /v1/txn: several operations on keys, all or none.
Answer Txn(Engine& engine, const Call& call);

}  // namespace signpost::registry
