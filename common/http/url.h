// Signpost. Apache-2.0; see LICENSE.
// Percent-encoding (RFC 3986 2.1) and query strings. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::http {

enum class PlusMeans : bool { kPlus, kSpace };

// Nullopt when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> PercentDecode(std::string_view text, PlusMeans plus = PlusMeans::kPlus);

// The decoded value of the first parameter `name` in "a=1&b&c=x%20y" ("b" has the value ""; '+' is a space);
// nullopt when there is none. Malformed escapes make a parameter invisible.
std::optional<std::string> QueryParam(std::string_view query, std::string_view name);

// The decoded values of all parameters `name`, in their order.
std::vector<std::string> QueryParams(std::string_view query, std::string_view name);

// For one segment between slashes: everything but unreserved characters is escaped, '/' too.
std::string EncodePathSegment(std::string_view text);
// For a name or a value in a query.
std::string EncodeQuery(std::string_view text);

}  // namespace signpost::http
