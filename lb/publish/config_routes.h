// Signpost. Apache-2.0; see LICENSE.
// The "routes" of the config file. Pure.
#pragma once

#include <string_view>

#include "lb/publish/config.h"
#include "lb/publish/config_value.h"

namespace signpost::lb {

// Adds the routes to `config.http` and `config.tcp`; mistakes go to `list.errors`.
void ReadRoutes(const ConfigValue& list, FileConfig& config);

// Whether it can stand in a route: a host name in lower case without port, "*", or "*." and a host name.
bool IsHostPattern(std::string_view text);
// Whether it can stand in a head that lb writes: printable, without blanks.
bool IsHeadText(std::string_view text);
bool IsRedirectStatus(int status);

}  // namespace signpost::lb
