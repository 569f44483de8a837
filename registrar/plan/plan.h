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
// The mark of the drain command, which another process sets: it lasts until then, by the wall clock in seconds since
// 1970, or until the container is gone.
std::string DrainReason(int64_t until_seconds);
// 0 for every other reason.
int64_t DrainUntil(std::string_view reason);

struct DesiredService {
  Service service;
  // Why it must be in maintenance, beginning with kOwnReason; "" = it must not be in maintenance by registrar. Any mark
  // that is there already will do.
  std::string maintenance;
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
  int64_t now_seconds = 0;    // since 1970; for the mark of the drain command
};

enum class ActionKind : unsigned char { kAdd, kChange, kRemove, kMaintenanceOn, kMaintenanceOff, kReport };
inline constexpr size_t kActionKinds = 6;
const char* ActionKindName(
    ActionKind kind);  // "add", "change", "remove", "maintenance_on", "maintenance_off", "report"

struct Action {
  ActionKind kind = ActionKind::kAdd;
  std::string service_id;
  std::string reason;  // "port 8080 instead of 80"; for people
  bool replace_checks =
      false;           // kAdd, kChange: with replace-existing-checks. That call deletes a maintenance mark as well.
  std::string text;    // kMaintenanceOn: its reason
  CheckReport report;  // kReport
};

struct ServicePlan {
  std::vector<Action> actions;  // in the order to apply
  std::string conflict;  // not empty: the ID is somebody else's; says whose and what to do; there are no actions then
};

// One ID. Either may be null; not both. In order: the registration, a maintenance mark to set (also one that
// replace_checks deletes and nobody lifted), reports, a mark to lift.
ServicePlan PlanService(const DesiredService* desired, const ActualService* actual, const PlanOptions& options);

struct Plan {
  std::vector<Action> actions;  // additions and changes before removals; by ID within these
  std::vector<std::string> conflicts;
};
Plan MakePlan(const DesiredServices& desired, const ActualServices& actual, const PlanOptions& options);

// Meta says that it is ours, or it is to be adopted.
bool IsMine(const ActualService& actual, const PlanOptions& options);

}  // namespace signpost::registrar
