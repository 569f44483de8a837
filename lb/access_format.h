// Signpost. Apache-2.0; see LICENSE.
// Lines of the access log. Pure.
#pragma once

#include <string>

#include "lb/session/access_record.h"

namespace signpost::lb {

enum class AccessFormat : unsigned char { kJson, kCombined };

// Appends one line with its line end. Whatever bytes a client sent, the line stays one line: JSON escapes them and
// repairs UTF-8; the combined form writes \xHH for quotes, backslashes, control characters and bytes of 0x80 and above.
// Times are UTC. TCP sessions have "TCP SERVICE" where the combined form has the request.
void AppendAccessLine(std::string& out, AccessFormat format, const AccessRecord& record);

}  // namespace signpost::lb
