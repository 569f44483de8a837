// Signpost. Apache-2.0; see LICENSE.
// What must be written to make the agent's services equal to the desired ones. Pure; nobody else's entry is ever in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registrar/mapping/service.h"
#include "registrar/plan/actual.h"

namespace signpost::registrar {

// The status that registrar itself reports for one of its checks.
struct CheckReport {
  std::string check_id;
  std::string status;  // passing, warning, critical
  std::string output;
  friend bool operator==(const CheckReport&, const CheckReport&) = default;
};

// Begins the reason of every maintenance mark that registrar sets; others are the operator's and stay.
inline constexpr std::string_view kOwnReason = "registrar: ";
// Reasons with an end, by the wall clock in seconds since 1970: the drain command's ("registrar: drain command until
// N") and the stop signal's ("registrar: stop signal until N"). Whoever finds such a mark leaves it alone until then.
std::string DrainReason(int64_t until_seconds);
std::string StopReason(int64_t until_seconds);
// The end of an own reason, which any text before " until N" may have; 0 = none.
int64_t MarkUntil(std::string_view reason);

struct DesiredService {
  Service service;
  // Why it must be in maintenance, beginning with kOwnReason; "" = it must not be in maintenance by registrar. Any mark
  // that is there already will do.
  std::string maintenance;
  // The mark at the agent was set by this process: it is lifted once `maintenance` is "", whatever its end. An
  // operator's mark is never lifted.
  bool may_lift = false;
  std::vector<CheckReport> reports;
  // Stay as it is at the agent, and do not come back when it is gone: what --deregister on-success keeps. Reports are
  // still made, and a maintenance mark may be set but is not lifted.
  bool frozen = false;
};
using DesiredServices = std::map<std::string, DesiredService, std::less<>>;  // by ID

struct PlanOptions {
  std::string owner;
  // Entries without an owner, of this beginning and otherwise in the form NAME:PORT[:PROTOCOL], are taken over or
  // removed; "" = none.
  std::string adopt_prefix;
  bool keep_unknown = false;  // removes nothing: --deregister never
  int64_t now_seconds = 0;    // since 1970; for marks with an end
};

enum class ActionKind : unsigned char {
  kAdd,
  kChange,
  kRemove,
  kMaintenanceOn,
  kMaintenanceOff,
  kReport,
  kRemoveCheck
};
inline constexpr size_t kActionKinds = 7;
// "add", "change", "remove", "maintenance_on", "maintenance_off", "report", "remove_check"
const char* ActionKindName(ActionKind kind);

struct Action {
  ActionKind kind = ActionKind::kAdd;
  std::string service_id;
  std::string reason;                // "port 8080 instead of 80"; for people
  std::optional<Strings> keep_tags;  // kChange: sent instead of the service's; tag override is on in both
  std::string text;                  // kMaintenanceOn: its reason
  CheckReport report;                // kReport; kRemoveCheck: its check_id alone
};

struct ServicePlan {
  std::vector<Action> actions;  // in the order to apply
  std::string conflict;  // not empty: the ID is somebody else's; says whose and what to do; there are no actions then
};

// One ID. Either may be null; not both. In order: checks of another type to remove, for Consul would run the old one
// beside the new one; the registration; a maintenance mark to set; checks to remove; reports; a mark to lift. Removed
// are checks with an ID in our form, "service:ID", "service:ID:NUMBER" and "docker:ID", that the service does not
// define, for a registration leaves them; others' checks on it stay.
ServicePlan PlanService(const DesiredService* desired, const ActualService* actual, const PlanOptions& options);

struct Plan {
  std::vector<Action> actions;  // additions and changes before removals; by ID within these
  std::vector<std::string> conflicts;
};
Plan MakePlan(const DesiredServices& desired, const ActualServices& actual, const PlanOptions& options);

// Meta says that it is ours, or it is to be adopted.
bool IsMine(const ActualService& actual, const PlanOptions& options);

}  // namespace signpost::registrar
