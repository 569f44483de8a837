// Signpost. Apache-2.0; see LICENSE.
// What Reconciler does with an action once it is chosen, and the reports that keep TTL checks alive.
#include <algorithm>
#include <utility>

#include "registrar/plan/registration.h"
#include "registrar/reconcile/reconciler_impl.h"

namespace signpost::registrar {
namespace {

// Reports under way at once: they must leave connections for what cannot wait.
constexpr size_t kMaxBeats = 4;

}  // namespace

void Reconciler::Impl::Send(const Action& action, const DesiredService* desired) {
  const std::string& id = action.service_id;
  std::optional<Service> service;
  if (desired != nullptr) service = desired->service;
  if (service && action.keep_tags) service->tags = *action.keep_tags;
  if (options.dry_run && Announced(action, service)) return queue.Clean(id, loop.Now());
  if (action.kind != ActionKind::kReport) {
    LogInfo(std::string(options.dry_run ? "would " : "") + ActionKindName(action.kind) + " " + id + ": " +
            action.reason);
  }
  auto done = [this, action, service](const WriteResult& result) { OnWritten(action, service, result); };
  switch (action.kind) {
    case ActionKind::kAdd:
    case ActionKind::kChange:
      calls[id] = writer.Register(*service, plan.owner, std::move(done), action.kind);
      return;
    case ActionKind::kRemove:
      calls[id] = writer.Deregister(id, std::move(done));
      return;
    case ActionKind::kMaintenanceOn:
    case ActionKind::kMaintenanceOff:
      calls[id] = writer.SetMaintenance(id, action.kind == ActionKind::kMaintenanceOn, action.text, std::move(done));
      return;
    case ActionKind::kReport:
      heartbeats.Reported(action.report.check_id, loop.Now());
      calls[id] = writer.Report(action.report, std::move(done));
      return;
    case ActionKind::kRemoveCheck:
      calls[id] = writer.RemoveCheck(action.report.check_id, std::move(done));
      return;
  }
}

// In a dry run nothing changes at the agent, so the same action comes up at every look.
bool Reconciler::Impl::Announced(const Action& action, const std::optional<Service>& service) {
  std::string& last = announced[action.service_id];
  std::string now = std::string(ActionKindName(action.kind)) + RefusalKey(action, service ? &*service : nullptr);
  if (last == now) return true;
  last = std::move(now);
  return false;
}

void Reconciler::Impl::OnWritten(const Action& action, const std::optional<Service>& service,
                                 const WriteResult& result) {
  const std::string id = action.service_id;
  switch (result.outcome) {
    case WriteOutcome::kDone:
      if (!options.dry_run) AfterWrite(action, service);
      if (IsToBeMarked(id)) queue.MarkDirty(id, loop.Now(), Urgency::kFirst);
      queue.Again(id, loop.Now());
      break;
    case WriteOutcome::kRefused:
    case WriteOutcome::kNoScripts:
      ParkOrStrip(action, service, result);
      break;
    case WriteOutcome::kRetry:
    case WriteOutcome::kDenied:
    case WriteOutcome::kUnknown:
      OnWriteTrouble(action, result);
      break;
  }
  MarkPostponed();
  calls.erase(id);  // last: it holds this very callback
  if (stopping) return StopNext();
  Pump();
}

bool Reconciler::Impl::IsToBeMarked(const std::string& id) const {
  const auto desired = book.desired().find(id);
  return desired != book.desired().end() && !desired->second.maintenance.empty();
}

void Reconciler::Impl::AfterWrite(const Action& action, const std::optional<Service>& service) {
  const std::string& id = action.service_id;
  const ActualService* before = mirror.Find(id);
  const std::string container(before == nullptr ? std::string_view() : before->Meta(kContainerKey));
  mirror.Applied(action, service ? &*service : nullptr, plan.owner, loop.Now());
  const bool registered = action.kind == ActionKind::kAdd || action.kind == ActionKind::kChange;
  if (action.kind == ActionKind::kMaintenanceOn) own_marks.insert(id);
  if (action.kind == ActionKind::kMaintenanceOff || action.kind == ActionKind::kRemove) own_marks.erase(id);
  if (stopping) {
    if (registered) to_stop.push_back(id);
    return;
  }
  if (registered) agent->Remember(id);
  if (action.kind == ActionKind::kRemove) {
    agent->Forget(id);
    if (mirror.OfContainer(container, plan).empty()) gone.erase(container);
  }
  HoldSentinel();
}

void Reconciler::Impl::OnWriteTrouble(const Action& action, const WriteResult& result) {
  const std::string& id = action.service_id;
  if (queue.Trouble(id).empty()) {
    LogWarn(std::string("cannot ") + ActionKindName(action.kind) + " " + id + ", tries again: " + result.text);
  }
  queue.Failed(id, result.text, loop.Now());
  if (result.outcome != WriteOutcome::kDenied && agent != nullptr) agent->Refresh();
}

void Reconciler::Impl::ParkOrStrip(const Action& action, const std::optional<Service>& service,
                                   const WriteResult& result) {
  const std::string& id = action.service_id;
  const bool scripts =
      result.outcome == WriteOutcome::kNoScripts && service && std::ranges::any_of(service->checks, RunsScripts);
  if (scripts && options.lenient_checks) {
    LogWarn(id + " is registered without its script checks: " + result.text);
    const auto desired = book.desired().find(id);
    if (desired != book.desired().end()) stripped[id] = SpecOf(desired->second.service);
    return queue.Again(id, loop.Now());
  }
  const std::string advice = scripts ? ". Allow scripts at the agent, or give --lenient-checks" : "";
  LogError("Consul refuses to " + std::string(ActionKindName(action.kind)) + " " + id +
           ", which waits until its definition changes: " + result.text + advice);
  queue.Park(id, RefusalKey(action, service ? &*service : nullptr), result.text, loop.Now());
}

void Reconciler::Impl::SendHeartbeats() {
  if (!mirror.known() || !agent->reachable() || beats.size() >= kMaxBeats) return;
  for (const Heartbeats::Due& due : heartbeats.Take(loop.Now(), kMaxBeats - beats.size())) {
    const auto desired = book.desired().find(due.service_id);
    // A write of the service that is under way may be a report as well.
    if (desired == book.desired().end() || mirror.Find(due.service_id) == nullptr || calls.contains(due.service_id) ||
        beats.contains(due.check_id)) {
      continue;
    }
    const auto report = std::ranges::find(desired->second.reports, due.check_id, &CheckReport::check_id);
    if (report == desired->second.reports.end()) continue;
    beats[due.check_id] = writer.Report(*report, [this, due](const WriteResult& result) { OnBeat(due, result); });
  }
}

void Reconciler::Impl::OnBeat(const Heartbeats::Due& due, const WriteResult& result) {
  const std::string check = due.check_id;
  if (result.outcome != WriteOutcome::kDone) agent->Refresh();
  queue.MarkDirty(due.service_id, loop.Now());
  beats.erase(check);  // last: it holds this very callback
  SendHeartbeats();
  Pump();
}

void Reconciler::Impl::OnTimer() {
  // Without the engine nobody knows whether what is being stopped has ended.
  if (engine_current) {
    book.OnTime(loop.Now());
    MarkEnded();
  }
  SendHeartbeats();
  TakeChanges();
}

void Reconciler::Impl::MarkEnded() {
  for (const std::string& id : mirror.marked()) {
    const int64_t until = MarkUntil(mirror.Find(id)->maintenance_reason);
    if (until != 0 && until <= WallSeconds()) queue.MarkDirty(id, loop.Now());
  }
}

// When the first mark that is not ours ends.
std::optional<Millis> Reconciler::Impl::NextMarkEnd(Millis now) const {
  std::optional<Millis> next;
  for (const std::string& id : mirror.marked()) {
    const int64_t left = MarkUntil(mirror.Find(id)->maintenance_reason) - WallSeconds();
    if (left <= 0) continue;
    const Millis end = now + Millis(left * 1000);
    next = std::min(next.value_or(end), end);
  }
  return next;
}

void Reconciler::Impl::ArmTimer() {
  const Millis now = loop.Now();
  std::optional<Millis> next;
  const auto consider = [&next](std::optional<Millis> deadline) {
    if (deadline) next = std::min(next.value_or(*deadline), *deadline);
  };
  if (engine_current) {
    consider(book.NextDeadline());
    consider(NextMarkEnd(now));
  }
  if (mirror.known() && agent->reachable() && beats.size() < kMaxBeats) consider(heartbeats.NextDeadline());
  if (MayWrite()) consider(queue.NextDeadline(now));
  if (next) {
    timer.Start(std::max(Millis(1), *next - now));
  } else {
    timer.Stop();
  }
}

}  // namespace signpost::registrar
