// Signpost. Apache-2.0; see LICENSE.
// A command line as a shell splits it. Pure.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "registrar/container/container.h"

namespace signpost::registrar {

// Words at blanks, with quotes and backslashes as POSIX 2.2 has them; nothing is expanded, and | & ; < > mean nothing.
// kInvalid: a quote without end, or no word at all.
Result<Strings> SplitCommand(std::string_view text);

}  // namespace signpost::registrar
