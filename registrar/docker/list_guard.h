// Signpost. Apache-2.0; see LICENSE.
// Whether a full list may be believed that lacks many containers at once. Pure.
#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace signpost::registrar {

class ListGuard {
 public:
  // `missing`: IDs that the list lacks although they are believed to run; `running`: how many are believed to. More
  // than three and more than half must be missing from two lists in a row, the same ones or fewer.
  bool Believe(const std::set<std::string>& missing, size_t running);

 private:
  std::set<std::string> doubted_;  // missing from the last list, which was not believed
};

}  // namespace signpost::registrar
