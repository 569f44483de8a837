// Signpost. Apache-2.0; see LICENSE.
// Fabio's tags: "urlprefix-host/path strip=/path", "urlprefix-:1234 proto=tcp". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "lb/route/routes.h"

namespace signpost::lb {

struct FabioRoute {
  HttpRoute http;  // of an HTTP route; slot and service unset
  bool is_tcp = false;
  std::string address;  // of a TCP route: the IP address to listen at, "" = all that TCP tags use
  uint16_t port = 0;
  std::string ignored;  // options that change nothing here: "weight, register"; "" = none
};

inline constexpr std::string_view kFabioPrefix = "urlprefix-";

// `tag` begins with kFabioPrefix; its letter case counts in paths and option values. Known: strip=, prepend=,
// host=NAME, redirect=CODE,URL, proto=http and proto=tcp. kInvalid, the rest of a sentence about the tag: it is no
// route; or it asks for what would be wrong to leave out: another protocol, access lists, authentication, PROXY
// headers, variables.
Result<FabioRoute> ParseFabioTag(std::string_view tag);

}  // namespace signpost::lb
