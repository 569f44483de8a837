// Signpost. Apache-2.0; see LICENSE.
// Which version of the engine's API to speak. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::registrar {

struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
};

inline constexpr ApiVersion kOldestApi{1, 24};
inline constexpr ApiVersion kNewestApi{1, 47};

// "1.41"; none for anything else.
std::optional<ApiVersion> ParseApiVersion(std::string_view text);
std::string ApiVersionText(ApiVersion version);

// The smaller of ours and the engine's newest, or `pinned` (not empty) where both can speak it. `engine_min` and
// `engine_max` as the engine says; one that is "" or unreadable limits nothing. kConfig when there is no version for
// both; the text says who must be upgraded.
Result<ApiVersion> ChooseApiVersion(std::string_view pinned, std::string_view engine_min, std::string_view engine_max);

}  // namespace signpost::registrar
