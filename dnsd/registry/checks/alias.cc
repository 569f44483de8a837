// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/alias.h"

namespace signpost::registry {

Outcome JudgeAlias(const AliasView& view, std::string_view node, std::string_view service_id, size_t max_output) {
  Outcome outcome{CheckStatus::kPassing, "No checks found."};
  if (!view.found) {
    outcome = {CheckStatus::kCritical,
               "Service " + std::string(service_id) + " could not be found on node " + std::string(node)};
  }
  for (const AliasView::Check& check : view.checks) {
    if (!view.found || (check.of_node && check.type == "alias")) continue;
    const bool critical = check.status == "critical";
    if (critical || check.status == "warning") {
      outcome.status = critical ? CheckStatus::kCritical : CheckStatus::kWarning;
      outcome.output = "Aliased check \"" + check.name + "\" failing: " + check.output;
      if (critical) break;
    } else if (outcome.status == CheckStatus::kPassing) {
      outcome.output = "All checks passing.";
    }
  }
  if (outcome.output.size() > max_output) outcome.output.resize(max_output);
  return outcome;
}

}  // namespace signpost::registry
