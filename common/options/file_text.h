// Signpost. Apache-2.0; see LICENSE.
// A whole file at once.
#pragma once

#include <string>

#include "common/base/status.h"

namespace signpost::options {

// kSystem: "cannot read PATH: why". At most 16 MiB, for a file of options is never that large.
Result<std::string> ReadFileText(const std::string& path);

}  // namespace signpost::options
