// Signpost. Apache-2.0; see LICENSE.
// The parameters that many endpoints share, as Consul reads them. Pure.
#pragma once

#include <optional>

#include "dnsd/registry/api/call.h"
#include "dnsd/registry/api/routes.h"

namespace signpost::registry {

// Reads them into `options`. An answer is a refusal, in Consul's words.
std::optional<Answer> ReadQueryOptions(const http::ServerRequest& request, RouteKind kind, const EngineOptions& own,
                                       QueryOptions& options);

// How long a request may wait: 5 minutes when it does not say, 10 at most, and up to a sixteenth more by `random` in
// [0, 1), so that those who began together do not come back together.
Millis WaitLimit(Millis wait, double random);

}  // namespace signpost::registry
