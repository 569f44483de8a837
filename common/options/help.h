// Signpost. Apache-2.0; see LICENSE.
// The two texts made from a table of options.
#pragma once

#include <string>
#include <string_view>

#include "common/options/row.h"

namespace signpost::options {

// For the terminal: "usage: " and `usage`, which may have several lines, `summary`, then one entry per row.
std::string HelpText(std::string_view usage, std::string_view summary, const Rows& rows);

// For the manual: a Markdown table with one line per row.
std::string HelpMarkdown(const Rows& rows);

}  // namespace signpost::options
