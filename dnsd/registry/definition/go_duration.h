// Signpost. Apache-2.0; see LICENSE.
// Durations as Consul's JSON carries them. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace signpost::registry {

// In nanoseconds. Go's syntax ("10s", "1h30m", "1.5s", "-1s", "0"). A failure is kInvalid with Go's words for it.
Result<int64_t> ParseGoDuration(std::string_view text);

// Nanoseconds in whole milliseconds; what is above zero stays so. Negative ones become zero.
Millis AtLeastMillis(int64_t nanos);

}  // namespace signpost::registry
