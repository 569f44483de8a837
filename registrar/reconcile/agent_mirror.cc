// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/agent_mirror.h"

#include <algorithm>
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

void AgentMirror::Merge(ActualServices reading, Millis begun,
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
}

void AgentMirror::Applied(const Action& action, const Service* service, std::string_view owner, Millis now) {
  const std::string& id = action.service_id;
  written_[id] = now;
  const auto found = services_.find(id);
  ActualService* here = found == services_.end() ? nullptr : &found->second;
  switch (action.kind) {
    case ActionKind::kAdd:
    case ActionKind::kChange:
      services_[id] = AfterRegistration(*service, owner, here, action.replace_checks);
      return;
    case ActionKind::kRemove:
      services_.erase(id);
      return;
    case ActionKind::kMaintenanceOn:
    case ActionKind::kMaintenanceOff:
      if (here == nullptr) return;
      here->maintenance = action.kind == ActionKind::kMaintenanceOn;
      here->maintenance_reason = here->maintenance ? action.text : "";
      return;
    case ActionKind::kReport:
      if (here != nullptr) SetReport(*here, action.report);
      return;
  }
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
  for (const auto& [id, service] : services_) {
    if (service.Meta(kContainerKey) == container_id && IsMine(service, options)) ids.push_back(id);
  }
  return ids;
}

}  // namespace signpost::registrar
