// Signpost. Apache-2.0; see LICENSE.
// What the agent has as far as we know: its last reading, brought up to date by our own confirmed writes. Pure; time is
// the loop's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "registrar/plan/actual.h"
#include "registrar/plan/plan.h"

namespace signpost::registrar {

class AgentMirror {
 public:
  // A whole reading, begun at `begun`. A service that was written after that, or is being written, stays as it is here.
  void Merge(ActualServices reading, Millis begun, const std::function<bool(const std::string& id)>& under_way);
  // A write was confirmed. `service`: what was registered, for kAdd and kChange.
  void Applied(const Action& action, const Service* service, std::string_view owner, Millis now);

  bool known() const { return known_; }  // there has been a reading
  const ActualServices& services() const { return services_; }
  const ActualService* Find(std::string_view id) const;  // null = the agent does not have it
  // IDs of the services that registrar may change.
  std::vector<std::string> Mine(const PlanOptions& options) const;
  // IDs of those of one container.
  std::vector<std::string> OfContainer(std::string_view container_id, const PlanOptions& options) const;

 private:
  bool known_ = false;
  ActualServices services_;
  std::map<std::string, Millis, std::less<>> written_;  // when the last write was confirmed
};

}  // namespace signpost::registrar
