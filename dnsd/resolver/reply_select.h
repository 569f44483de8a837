// Signpost. Apache-2.0; see LICENSE.
// What of a reply's records is believed and kept (F11-F17, F30), and so what the reply says.
#pragma once

#include "dnsd/resolver/reply.h"
#include "dnsd/resolver/reply_records.h"

namespace signpost::resolver {

// `records` are indexed; `rcode` is NOERROR or NXDOMAIN. Fills verdict, answer and chase.
void Select(ReplyRecords& records, wire::Rcode rcode, const Question& question, const ReplyRules& rules,
            uint64_t now_ms, Reply& reply);

}  // namespace signpost::resolver
