// Signpost. Apache-2.0; see LICENSE.
// The options that say how clients are served.
#pragma once

#include "common/base/status.h"
#include "common/options/options.h"
#include "lb/session/session_context.h"

namespace signpost::lb {

options::Rows SessionRows();
// kConfig names the option at fault. `access_log` is set by who reads that option.
Result<SessionRules> ReadSessionRules(const options::Values& values);

}  // namespace signpost::lb
