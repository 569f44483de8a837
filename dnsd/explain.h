// Signpost. Apache-2.0; see LICENSE.
// Two pages of the operations listener: GET /explain?name=&type= tells where an answer comes from, POST
// /cache/flush?name=&tree forgets forwarded answers. Control thread.
#pragma once

#include <memory>
#include <string_view>

#include "common/http/server.h"
#include "common/net/loop.h"
#include "dnsd/operations.h"

namespace signpost::dnsd {

inline constexpr std::string_view kExplainPath = "/explain";
inline constexpr std::string_view kFlushPath = "/cache/flush";

// Answers later, as plain text, when a worker and the resolver have said what they know. `view` and `loop` outlive the
// program's loops.
void Explain(const OperationsView& view, const http::ServerRequest& request, net::Loop& loop,
             std::unique_ptr<http::Responder> responder);

// Without a name everything is forgotten. From loopback only. Answers when it is done.
void Flush(const OperationsView& view, const http::ServerRequest& request, net::Loop& loop,
           std::unique_ptr<http::Responder> responder);

}  // namespace signpost::dnsd
