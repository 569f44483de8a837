// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>
#include <string_view>

namespace signpost::registry {

// A random UUID (RFC 9562 version 4) from the kernel's generator, in lower case.
std::string NewUuid();
// 8-4-4-4-12 hexadecimal digits, in either letter case.
bool IsUuid(std::string_view text);

}  // namespace signpost::registry
