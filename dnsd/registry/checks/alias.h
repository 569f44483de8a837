// Signpost. Apache-2.0; see LICENSE.
// Alias checks: the health of another service, or of a node, as a check of one's own. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dnsd/registry/checks/outcome.h"

namespace signpost::registry {

// What an alias check looks at: a service's own checks and those of its node (of the node alone when no service is
// named).
struct AliasView {
  struct Check {
    std::string name;
    std::string status;
    std::string output;
    std::string type;
    bool of_node = false;  // belongs to no service
  };
  bool found = false;  // the service, or the node
  std::vector<Check> checks;
};

// Reads the State. `node` "" is the own one; `service_id` "" asks for the node.
using AliasLookup = std::function<AliasView(const std::string& node, const std::string& service_id)>;

// Critical if one of them is, else warning if one is, else passing; critical when there is no such service. Alias
// checks of a node are left out: they would hold one another, and themselves, critical for ever. The text is cut to
// `max_output`, so that services that alias one another in a circle come to rest.
Outcome JudgeAlias(const AliasView& view, std::string_view node, std::string_view service_id, size_t max_output);

}  // namespace signpost::registry
