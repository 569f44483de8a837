// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/agent_writes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kNoReason = "but no reason was provided. This is a default message.";

CheckRow MaintenanceCheck(std::string_view node, std::string id, std::string_view what, std::string reason) {
  CheckRow check;
  check.node = node;
  check.check_id = std::move(id);
  check.name = what == "service" ? "Service Maintenance Mode" : "Node Maintenance Mode";
  check.status = kCritical;
  check.notes = std::move(reason);
  if (check.notes.empty()) {
    check.notes = "Maintenance mode is enabled for this " + std::string(what) + ", " + std::string(kNoReason);
  }
  check.type = "maintenance";
  return check;
}

void PutDefined(State& state, std::string_view node, CheckRow check) {
  check.node = node;
  if (const auto known = state.FindCheck(node, check.check_id)) {
    check.status = known->status;
    check.output = known->output;
  }
  PutCheck(state, std::move(check));
}

}  // namespace

bool IsOwnService(std::string_view id) { return Lower(id) == kOwnServiceId; }
bool IsOwnCheck(std::string_view check_id) { return Lower(check_id) == Lower(kOwnCheckId); }

RowPtr<ServiceRow> FindAgentService(const State& state, std::string_view node, std::string_view id) {
  auto row = state.FindService(node, id);
  return row && row->id == id && !IsOwnService(id) ? row : nullptr;
}

RowPtr<CheckRow> FindAgentCheck(const State& state, std::string_view node, std::string_view check_id) {
  auto row = state.FindCheck(node, check_id);
  return row && row->check_id == check_id && !IsOwnCheck(check_id) ? row : nullptr;
}

RowList<ServiceRow> AgentServices(const State& state, std::string_view node) {
  auto rows = state.ServicesOfNode(node);
  std::erase_if(rows, [](const auto& row) { return IsOwnService(row->id); });
  return rows;
}

RowList<CheckRow> AgentChecks(const State& state, std::string_view node) {
  auto rows = state.ChecksOfNode(node);
  std::erase_if(rows, [](const auto& row) { return IsOwnCheck(row->check_id); });
  return rows;
}

bool RegisterAgentService(State& state, std::string_view node, AgentService defined, bool replace_checks) {
  const std::string id = defined.service.id;
  if (IsOwnService(id) || !state.FindNode(node)) return false;
  defined.service.node = node;
  PutService(state, std::move(defined.service));
  std::set<std::string> named;
  for (CheckRow& check : defined.checks) {
    if (IsOwnCheck(check.check_id)) continue;
    named.insert(Lower(check.check_id));
    check.service_id = id;
    PutDefined(state, node, std::move(check));
  }
  if (!replace_checks) return true;
  for (const auto& check : state.ChecksOf(node, id)) {
    if (!named.contains(Lower(check->check_id))) RemoveCheck(state, node, check->check_id);
  }
  return true;
}

bool RegisterAgentCheck(State& state, std::string_view node, CheckRow check) {
  if (IsOwnCheck(check.check_id) || !state.FindNode(node)) return false;
  if (!check.service_id.empty() && !FindAgentService(state, node, check.service_id)) return false;
  PutDefined(state, node, std::move(check));
  return true;
}

bool DeregisterAgentService(State& state, std::string_view node, std::string_view id) {
  return FindAgentService(state, node, id) && RemoveService(state, node, id);
}

bool DeregisterAgentCheck(State& state, std::string_view node, std::string_view check_id) {
  return FindAgentCheck(state, node, check_id) && RemoveCheck(state, node, check_id);
}

bool SetServiceMaintenance(State& state, std::string_view node, std::string_view id, bool on, std::string reason) {
  if (!FindAgentService(state, node, id)) return false;
  std::string check_id = std::string(kServiceMaintenance) + std::string(id);
  if (!on) return RemoveCheck(state, node, check_id);
  if (state.FindCheck(node, check_id)) return false;
  CheckRow check = MaintenanceCheck(node, std::move(check_id), "service", std::move(reason));
  check.service_id = id;
  return PutCheck(state, std::move(check));
}

bool SetNodeMaintenance(State& state, std::string_view node, bool on, std::string reason) {
  if (!on) return RemoveCheck(state, node, kNodeMaintenance);
  if (state.FindCheck(node, kNodeMaintenance)) return false;
  return PutCheck(state, MaintenanceCheck(node, std::string(kNodeMaintenance), "node", std::move(reason)));
}

}  // namespace signpost::registry
