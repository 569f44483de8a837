// Signpost. Apache-2.0; see LICENSE.
// Prepared queries that stand for many names: the texts of their service part may hold ${name.full}, ${name.prefix},
// ${name.suffix}, ${match(N)} and ${agent.segment} (always empty here), strings and whole numbers. "$$" stands for "$".
// Other expressions of Consul's template language (sums, comparisons) are refused as a syntax error. Pure.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

inline constexpr std::string_view kNamePrefixMatch = "name_prefix_match";

inline bool IsTemplate(const QueryRow& query) { return !query.template_type.empty(); }

// The query that the template `query` becomes for `name`. kInvalid: what is wrong with it, in Consul's words; a
// template that can be rendered for its own name can be rendered for any.
Result<QueryRow> RenderQuery(const QueryRow& query, std::string_view name);

}  // namespace signpost::registry
