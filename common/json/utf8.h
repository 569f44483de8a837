// Signpost. Apache-2.0; see LICENSE.
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace signpost::json {

bool IsUtf8(std::string_view text);

// `text` with every byte that belongs to no valid character replaced by U+FFFD.
std::string RepairUtf8(std::string_view text);

}  // namespace signpost::json
