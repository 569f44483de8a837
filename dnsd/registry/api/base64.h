// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signpost::registry {

// RFC 4648 4, with padding.
std::string Base64(std::string_view bytes);
// Nullopt: not what Base64 makes. Line ends are passed over.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace signpost::registry
