// Signpost. Apache-2.0; see LICENSE.
// The definition of a prepared query as a client sends it, by Consul's rules and in its words. Pure.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// kInvalid: the text of Consul's 400.
Result<QueryRow> ReadQueryBody(std::string_view body);

// What the definition says by itself. kInvalid: the text of Consul's 500.
Status CheckQuery(const QueryRow& query);

}  // namespace signpost::registry
