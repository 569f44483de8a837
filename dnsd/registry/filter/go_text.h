// Signpost. Apache-2.0; see LICENSE.
// Quoted strings, numbers and truth values as Go's strconv reads and writes them, since that is what Consul's clients
// know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::registry::filter {

// In double quotes, with Go's escapes. What Go calls unprintable is told by blocks of Unicode here, not by its full
// tables.
std::string Quote(std::string_view text);

// The inside of "..." or `...`, quotes included in `literal`. The result may hold any bytes ("\xff"). Nothing for an
// unknown or cut escape, or a line feed in double quotes.
std::optional<std::string> Unquote(std::string_view literal);

// Signed, any base that a Go literal may have (0x, 0o, 0b, leading 0, underscores). A failure's text is Go's.
Result<int64_t> ParseInt(std::string_view text);

// 1, t, T, true, True, TRUE and their opposites.
Result<bool> ParseBool(std::string_view text);

}  // namespace signpost::registry::filter
