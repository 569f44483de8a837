// Signpost. Apache-2.0; see LICENSE.
// What the engine says besides data: errors, and times in its own form. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::registrar {

// Ok for 2xx and 304. Else of the kinds that engine_client.h names, with one printable line: `what`, the status, and
// the engine's own words, be they {"message": ...} or plain text.
Status JudgeStatus(std::string_view what, int status, std::string_view body);

// The form of `since`: "1795336841.585086104".
std::string SinceText(int64_t nanoseconds);

// The value of `filters` for the event stream. Podman has other words for some events.
std::string EventFilters(bool podman);

}  // namespace signpost::registrar
