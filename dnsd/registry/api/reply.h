// Signpost. Apache-2.0; see LICENSE.
// An endpoint's answer as an HTTP response with Consul's headers. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http/server.h"
#include "dnsd/registry/api/call.h"
#include "dnsd/registry/api/routes.h"

namespace signpost::registry {

// "leader", "stale" or "consistent".
std::string ConsistencyName(QueryOptions::Consistency consistency);

// `body`, if there is one, is the body in place of the answer's.
http::ServerResponse MakeReply(const http::ServerRequest& request, const QueryOptions& options, RouteKind kind,
                               const Answer& answer, http::SharedBodyPtr body);
// A refusal that no endpoint has seen.
http::ServerResponse PlainReply(const Answer& answer);
// 301 to `path` (decoded), with the request's query.
http::ServerResponse RedirectReply(const http::ServerRequest& request, std::string_view path);
// 200 or 405, with the methods that `routes`, which match the request's path, have.
http::ServerResponse AllowReply(int status, std::string_view method, const std::vector<const Route*>& routes);

}  // namespace signpost::registry
