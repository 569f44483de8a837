// Signpost. Apache-2.0; see LICENSE.
// Questions that are answered by their type, class and EDNS version alone, before any name is looked at.
#pragma once

#include <optional>

#include "dnsd/wire/protocol.h"
#include "dnsd/wire/query.h"

namespace signpost::query {

// The rcode that ends such a question; nullopt for one that deserves a lookup.
std::optional<wire::Rcode> Triage(const wire::Query& query);

}  // namespace signpost::query
