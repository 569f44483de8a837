// Signpost. Apache-2.0; see LICENSE.
// Text forms of settings' values. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace signpost::lb {

// Decimal digits only.
std::optional<uint64_t> ParseWhole(std::string_view text);

// As options::ParseDuration, and "0". Up to a year.
std::optional<Millis> ParseTime(std::string_view text);
// The shortest text that ParseTime reads back as the same.
std::string TimeText(Millis time);

// "true" or "false", also "on", "off", "yes", "no", "1", "0".
std::optional<bool> ParseSwitch(std::string_view text);

// Without blanks and tabs at both ends.
std::string_view Trimmed(std::string_view text);
// Removes from `rest` all up to the next comma, which goes too, and returns it.
std::string_view TakeItem(std::string_view& rest);

// A token of RFC 9110 5.6.2 of up to 64 bytes: the name of a header field or a cookie.
bool IsFieldName(std::string_view text);
// What may stand in a request's target or a Host field without breaking out of it: 1 to `longest` bytes 0x21 to 0x7e.
bool IsVisible(std::string_view text, size_t longest);

}  // namespace signpost::lb
