// Signpost. Apache-2.0; see LICENSE.
// The cookies that bind a client to an endpoint or to a version (RFC 6265). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lb/http/head.h"

namespace signpost::lb {

// The value of the first cookie of that name, without quotes around it, over all Cookie fields; names compare with
// case.
std::optional<std::string_view> FindCookie(const Fields& fields, std::string_view name);

// 16 hexadecimal digits, as sticky cookies and generated ids are written.
std::string HexText(uint64_t value);
// Reads what HexText wrote, and nothing else.
std::optional<uint64_t> ParseHexText(std::string_view text);

// Appends "Set-Cookie: NAME=VALUE; Path=/; HttpOnly; SameSite=Lax" with CR LF: for the session, for all paths.
void AppendSetCookie(std::string_view name, std::string_view value, std::string& out);

}  // namespace signpost::lb
