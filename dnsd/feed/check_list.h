// Signpost. Apache-2.0; see LICENSE.
// The checks that do not pass, and whose health changed between two such lists. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/consul/catalog_json.h"

namespace signpost::feed {

using CheckList = std::vector<consul::CheckState>;  // sorted

CheckList MakeCheckList(std::vector<consul::CheckState> checks);

// All names in lower case.
struct Affected {
  std::set<std::string> services;
  std::set<std::string> nodes;  // a node's own check changed: every service on it is affected

  friend bool operator==(const Affected&, const Affected&) = default;
};

// A check that is in one list only, or in both with different content, changed.
Affected Compare(const CheckList& before, const CheckList& after);

}  // namespace signpost::feed
