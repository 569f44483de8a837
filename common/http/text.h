// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the small things that headers are read with. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// ASCII letters only, whatever the locale.
std::string Lower(std::string_view text);

// Without spaces, tabs and line ends around it.
std::string_view Trim(std::string_view text);

// The first value of that name, exactly as spelled, or an empty view into nothing.
std::string_view FindHeader(const Headers& headers, std::string_view name);

}  // namespace signpost::http
