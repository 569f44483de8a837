// Signpost. Apache-2.0; see LICENSE.
// Text forms of option values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"

namespace signpost::options {

// "10s", "500ms", "1m30s", "168h": whole numbers with the units ms, s, m, h. None if malformed or too large.
std::optional<Millis> ParseDuration(std::string_view text);
// The shortest text that ParseDuration reads back as the same.
std::string FormatDuration(Millis duration);

// Decimal with an optional minus sign and nothing around it.
std::optional<int64_t> ParseInteger(std::string_view text);

// Splits "name=value" at the last "=", since names may hold one. None without "=" or without a name.
std::optional<std::pair<std::string_view, std::string_view>> SplitAssignment(std::string_view text);

// A user's text for an error message: in single quotes, cut when long, on one line.
std::string Quoted(std::string_view text);

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace signpost::options
