// Signpost. Apache-2.0; see LICENSE.
// The first JSON value of a request's body. Consul reads one value and ignores what follows it; what is wrong with a
// value is told in the words of Go's decoder, since those are the answers that clients know. Pure.
#pragma once

#include <string_view>

#include "common/base/status.h"

namespace signpost::registry {

// The part of `text` that holds its first value, without the spaces around it. kInvalid: "EOF" (there is none),
// "unexpected EOF" (it is cut short), or "invalid character 'x' ..." (the first byte that cannot stand where it does).
Result<std::string_view> FirstJsonValue(std::string_view text);

}  // namespace signpost::registry
