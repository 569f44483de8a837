// Signpost. Apache-2.0; see LICENSE.
// The body of a request, as Consul decodes it: its first JSON value, "Request decode failed: ..." when that fails.
#pragma once

#include <functional>
#include <string_view>

#include "common/base/status.h"
#include "common/json/json.h"

namespace signpost::registry {

// Calls `read` with the first JSON value of `body`. Failures, `read`'s included, are kInvalid with the text of Consul's
// 400.
Status ReadBody(std::string_view body, const std::function<Status(json::Value root)>& read);

}  // namespace signpost::registry
