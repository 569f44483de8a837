// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::registry {

// What expressions in a text may ask for.
struct QueryTextValues {
  std::string_view full;    // the name that is asked for
  std::string_view prefix;  // the template's own name
  std::string_view suffix;  // what follows it
  std::vector<std::string> matches;
};

// `text` with its ${...} worked out. kInvalid: why it cannot be; `where` tells the place of the text.
Result<std::string> RenderQueryText(std::string_view text, std::string_view where, const QueryTextValues& values);

}  // namespace signpost::registry
