// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>
#include <string_view>

namespace signpost::registry {

// `path` (decoded) without empty, "." and ".." segments; a slash at its end stays. Consul redirects to it.
std::string CleanPath(std::string_view path);
// As it stands in a Location header: what must not stand in a path is escaped.
std::string EscapePath(std::string_view path);

}  // namespace signpost::registry
