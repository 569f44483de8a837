// Signpost. Apache-2.0; see LICENSE.
// What an answer must wait for: a key of the catalog's source, or a name that only an upstream knows.
#pragma once

#include <variant>

#include "dnsd/catalog/catalog.h"
#include "dnsd/resolver/question.h"

namespace signpost::query {

using Want = std::variant<catalog::Key, resolver::Question>;

}  // namespace signpost::query
