// Signpost. Apache-2.0; see LICENSE.
#pragma once

namespace signpost::lb {

inline constexpr const char* kVersion = SIGNPOST_VERSION;  // project version of the root CMakeLists.txt

}  // namespace signpost::lb
