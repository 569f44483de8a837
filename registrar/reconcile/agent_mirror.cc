// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/agent_mirror.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

void SetReport(ActualService& service, const CheckReport& report) {
  const auto check = std::ranges::find(service.checks, report.check_id, &ActualCheck::id);
  if (check == service.checks.end()) return;
  check->status = report.status;
  check->output = report.output;
}

}  // namespace

std::vector<std::string> AgentMirror::Merge(ActualServices reading, Millis begun,
                                            const std::function<bool(const std::string& id)>& under_way) {
  known_ = true;
  const ActualServices before = std::exchange(services_, std::move(reading));
  const auto keep = [&](const std::string& id) {
    const auto here = before.find(id);
    if (here == before.end()) {
      services_.erase(id);
    } else {
      services_[id] = here->second;
    }
  };
  std::erase_if(written_, [&](const auto& written) { return written.second < begun; });
  for (const auto& [id, when] : written_) keep(id);
  for (const auto& [id, service] : before) {
    if (under_way(id)) keep(id);
  }
  by_container_.clear();
  marked_.clear();
  std::vector<std::string> changed;
  for (const auto& [id, service] : services_) {
    Index(service);
    const auto here = before.find(id);
    if (here == before.end() || here->second != service) changed.push_back(id);
  }
  for (const auto& [id, service] : before) {
    if (!services_.contains(id)) changed.push_back(id);
  }
  return changed;
}

void AgentMirror::Index(const ActualService& service) {
  const std::string_view container = service.Meta(kContainerKey);
  if (!container.empty()) by_container_[std::string(container)].insert(service.id);
  if (service.maintenance) marked_.insert(service.id);
}

void AgentMirror::Unindex(const ActualService& service) {
  marked_.erase(service.id);
  const auto found = by_container_.find(service.Meta(kContainerKey));
  if (found == by_container_.end()) return;
  found->second.erase(service.id);
  if (found->second.empty()) by_container_.erase(found);
}

void AgentMirror::Applied(const Action& action, const Service* service, std::string_view owner, Millis now) {
  const std::string& id = action.service_id;
  written_[id] = now;
  const auto found = services_.find(id);
  std::optional<ActualService> next;
  if (found != services_.end()) {
    next = found->second;
    Unindex(found->second);
  }
  switch (action.kind) {
    case ActionKind::kAdd:
    case ActionKind::kChange:
      next = AfterRegistration(*service, owner, next ? &*next : nullptr);
      break;
    case ActionKind::kRemove:
      next.reset();
      break;
    case ActionKind::kMaintenanceOn:
    case ActionKind::kMaintenanceOff:
      if (!next) break;
      next->maintenance = action.kind == ActionKind::kMaintenanceOn;
      next->maintenance_reason = next->maintenance ? action.text : "";
      break;
    case ActionKind::kReport:
      if (next) SetReport(*next, action.report);
      break;
    case ActionKind::kRemoveCheck:
      if (next)
        std::erase_if(next->checks, [&action](const ActualCheck& check) { return check.id == action.report.check_id; });
      break;
  }
  if (!next) {
    services_.erase(id);
    return;
  }
  Index(services_[id] = std::move(*next));
}

const ActualService* AgentMirror::Find(std::string_view id) const {
  const auto found = services_.find(id);
  return found == services_.end() ? nullptr : &found->second;
}

std::vector<std::string> AgentMirror::Mine(const PlanOptions& options) const {
  std::vector<std::string> ids;
  for (const auto& [id, service] : services_) {
    if (IsMine(service, options)) ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> AgentMirror::OfContainer(std::string_view container_id, const PlanOptions& options) const {
  std::vector<std::string> ids;
  const auto found = by_container_.find(container_id);
  if (found == by_container_.end()) return ids;
  for (const std::string& id : found->second) {
    if (IsMine(services_.find(id)->second, options)) ids.push_back(id);
  }
  return ids;
}

}  // namespace signpost::registrar
