// Signpost. Apache-2.0; see LICENSE.
// Policies as they stand in Consul's KV store. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::lb {

// Service to JSON text, from /v1/kv/PREFIX?recurse; an empty body is no policies. Left out: keys that are not PREFIX
// and a name, values that are not base64 or longer than 64 KiB. Of keys that only differ in letter case both stay.
// kInvalid: not such a list.
Result<std::map<std::string, std::string>> ReadPolicies(std::string_view body, std::string_view prefix);

// RFC 4648 4. Nothing if it is not that.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace signpost::lb
