// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/check_list.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dnsd/feed/keys.h"

namespace signpost::feed {

CheckList MakeCheckList(std::vector<consul::CheckState> checks) {
  std::sort(checks.begin(), checks.end());
  return checks;
}

Affected Compare(const CheckList& before, const CheckList& after) {
  CheckList changed;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(changed));
  Affected affected;
  for (const consul::CheckState& check : changed) {
    if (check.service_name.empty()) {
      affected.nodes.insert(Lower(check.node));
    } else {
      affected.services.insert(Lower(check.service_name));
    }
  }
  return affected;
}

}  // namespace signpost::feed
