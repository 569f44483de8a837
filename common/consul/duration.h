// Signpost. Apache-2.0; see LICENSE.
// Durations as Go writes and reads them: "10s", "1m30s", "250ms", "1.5h".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace signpost::consul {

// Units ns, us, ms, s, m, h; "0" needs none. Nothing for any other text, a negative value or one above 100 years.
std::optional<Nanos> ParseDuration(std::string_view text);

// "1500ms": a form that ParseDuration and Go accept.
std::string DurationText(Millis duration);

}  // namespace signpost::consul
