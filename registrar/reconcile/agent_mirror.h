// Signpost. Apache-2.0; see LICENSE.
// What the agent has as far as we know: its last reading, brought up to date by our own confirmed writes. Pure; time is
// the loop's.
#pragma once

#include <functional>
#include <map>
#include <set>
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
  // Returns the IDs of those that differ from what was here.
  std::vector<std::string> Merge(ActualServices reading, Millis begun,
                                 const std::function<bool(const std::string& id)>& under_way);
  // A write was confirmed. `service`: what was registered, for kAdd and kChange.
  void Applied(const Action& action, const Service* service, std::string_view owner, Millis now);

  bool known() const { return known_; }  // there has been a reading
  const ActualServices& services() const { return services_; }
  const ActualService* Find(std::string_view id) const;  // null = the agent does not have it
  // IDs of the services that registrar may change.
  std::vector<std::string> Mine(const PlanOptions& options) const;
  // IDs of all services in maintenance.
  const std::set<std::string>& marked() const { return marked_; }
  // IDs of those of one container that registrar may change.
  std::vector<std::string> OfContainer(std::string_view container_id, const PlanOptions& options) const;

 private:
  void Index(const ActualService& service);
  void Unindex(const ActualService& service);

  bool known_ = false;
  ActualServices services_;
  std::map<std::string, std::set<std::string>, std::less<>> by_container_;  // of whatever owner
  std::set<std::string> marked_;                                            // in maintenance
  std::map<std::string, Millis, std::less<>> written_;                      // when the last write was confirmed
};

}  // namespace signpost::registrar
