// Signpost. Apache-2.0; see LICENSE.
// Record types as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::wire {

// "A", "srv", "TYPE65280" (RFC 3597 5); any letter case.
std::optional<uint16_t> TypeFromText(std::string_view text);
std::string TypeText(uint16_t type);

}  // namespace signpost::wire
