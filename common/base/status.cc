// Signpost. Apache-2.0; see LICENSE.
#include "common/base/status.h"

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace signpost {

Status Status::System(std::string_view what, int error_number) {
  return {ErrorKind::kSystem, std::string(what) + ": " + std::generic_category().message(error_number)};
}

void Abort(std::string_view what) {
  std::fprintf(stderr, "signpost: broken invariant: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace signpost
