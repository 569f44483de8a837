// Signpost. Apache-2.0; see LICENSE.
// Class CH: who answers here (RFC 4892). Only what the operator chose to tell.
#pragma once

#include "dnsd/query/policy.h"
#include "dnsd/wire/protocol.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::query {

// For a question of class CH. `id.server.`, `hostname.bind.`: the identity; `version.bind.`, `version.server.`: the
// version; TXT and ANY only. Anything else, and what is not configured, is refused (W53-W56).
wire::Rcode AnswerChaos(const Policy& policy, const wire::Query& query, wire::ResponseWriter& writer);

}  // namespace signpost::query
