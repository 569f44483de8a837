// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/reconciler_impl.h"

#include <algorithm>
#include <utility>

#include "common/base/random.h"
#include "registrar/plan/registration.h"
#include "registrar/reconcile/owner.h"

namespace signpost::registrar {
namespace {

bool RunsScripts(const CheckDefinition& check) {
  return !check.script_args.empty() || !check.docker_container_id.empty();
}

// What a refusal depends on: while this stays the same, so does the answer.
std::string RefusalKey(const Action& action, const Service* service) {
  const bool registers = action.kind == ActionKind::kAdd || action.kind == ActionKind::kChange;
  if (registers && service != nullptr) return SpecOf(*service);
  return std::string(ActionKindName(action.kind)) + " " + action.text + action.report.status + action.report.output;
}

}  // namespace

Reconciler::Impl::Impl(net::Loop& the_loop, EngineClient& the_engine_client, consul::AgentClient& the_agent_client,
                       ReconcilerOptions the_options)
    : loop(the_loop),
      engine_client(the_engine_client),
      agent_client(the_agent_client),
      options(std::move(the_options)),
      writer(loop, agent_client, options.dry_run),
      book(options.deregister),
      queue({}, RandomSeed()),
      heartbeats(options.refresh),
      timer(loop, [this] { OnTimer(); }),
      grace(loop, [this] { OnGraceOver(); }),
      stop_limit(loop, [this] {
        LogWarn("stops although " + std::to_string(to_stop.size() + calls.size()) +
                " services could not be dealt with");
        to_stop.clear();
        calls.clear();
        StopNext();
      }) {
  plan.keep_unknown = options.deregister == DeregisterMode::kNever;
  plan.adopt_prefix = options.adopt_prefix;
  book.SetRegistered([this](std::string_view service_id, std::string_view container_id) {
    const ActualService* actual = mirror.Find(service_id);
    return actual != nullptr && actual->Meta(kContainerKey) == container_id;
  });
}

void Reconciler::Impl::Start() {
  agent = std::make_unique<AgentWatch>(
      loop, agent_client, options.agent,
      AgentWatch::Handlers{
          .on_actual = [this](const ActualServices& reading, Millis begun) { OnActual(reading, begun); },
          .on_lost = [this](const Status& status) { OnAgentLost(status); },
          .on_restarted = [this] { OnAgentRestarted(); }});
  engine = std::make_unique<EngineWatch>(
      loop, engine_client, options.engine,
      EngineWatch::Handlers{.on_connected = [this](const EngineInfo& info) { OnConnected(info); },
                            .on_event = [this](const Event& event) { OnEvent(event); },
                            .on_container = [this](Container container) { OnContainer(std::move(container)); },
                            .on_gone = [this](const std::string& id) { OnGone(id); },
                            .on_synced = [this] { OnSynced(); },
                            .on_lost = [this](const Status& status) { OnEngineLost(status); }});
}

// --- the engine's side ---------------------------------------------------------------------------------------------

void Reconciler::Impl::OnConnected(const EngineInfo& info) {
  const std::string owner = OwnerOf(info, options.owner_id);
  if (!engine_seen) {
    plan.owner = owner;
    if (options.mapping.node_id.empty()) options.mapping.node_id = info.name;
    if (options.adopt_own) plan.adopt_prefix = options.mapping.node_id + ":";
    LogInfo("follows the Docker Engine of " + info.name + " as owner " + plan.owner);
    book.SetMapping(options.mapping, loop.Now());
    agent->Start(plan.owner);
  } else if (plan.owner != owner) {
    LogWarn("another Docker Engine answers, " + owner + "; goes on as owner " + plan.owner +
            ". Give --owner-id so that the next start does too");
  }
  engine_seen = engine_connected = true;
  engine_trouble.clear();
  grace.Stop();
  book.SetGeneralMaintenance("");
  TakeChanges();
}

void Reconciler::Impl::OnEvent(const Event& event) {
  book.OnEvent(event, loop.Now());
  TakeChanges();
}

void Reconciler::Impl::OnContainer(Container container) {
  const std::string id = container.id;
  gone.erase(id);
  book.OnContainer(std::move(container), loop.Now());
  MarkContainer(id);
  TakeChanges();
}

void Reconciler::Impl::OnGone(const std::string& container_id) {
  book.OnGone(container_id);
  if (!mirror.OfContainer(container_id, plan).empty()) gone.insert(container_id);
  MarkContainer(container_id);
  TakeChanges();
}

void Reconciler::Impl::OnSynced() {
  if (!synced) LogInfo("has seen all " + std::to_string(book.up()) + " running containers");
  synced = true;
  MarkAll();
  Pump();
}

void Reconciler::Impl::OnEngineLost(const Status& status) {
  engine_connected = false;
  engine_trouble = status.text();
  if (options.engine_grace > Millis(0) && engine_seen) grace.Start(options.engine_grace);
}

void Reconciler::Impl::OnGraceOver() {
  LogWarn("the Docker Engine has been away for too long: all its services go into maintenance");
  book.SetGeneralMaintenance(std::string(kOwnReason) + "the Docker Engine does not answer");
  TakeChanges();
}

// --- the agent's side ----------------------------------------------------------------------------------------------

void Reconciler::Impl::OnActual(const ActualServices& reading, Millis begun) {
  mirror.Merge(reading, begun, [this](const std::string& id) { return calls.contains(id); });
  if (!agent_trouble.empty()) queue.ForgetFailures();
  agent_trouble.clear();
  agent_log.Report(Status::Ok());
  HoldSentinel();
  MarkAll();
  Pump();
}

void Reconciler::Impl::OnAgentLost(const Status& status) {
  agent_trouble = status.text();
  agent_log.Report(status);
}

void Reconciler::Impl::OnAgentRestarted() {
  LogInfo("another Consul agent answers: everything is compared again");
  heartbeats.ExpireAll(loop.Now());
}

void Reconciler::Impl::HoldSentinel() {
  const ActualService* held = mirror.Find(sentinel);
  if (held != nullptr && IsMine(*held, plan)) return;
  const auto mine = std::ranges::find_if(
      mirror.services(), [this](const auto& entry) { return entry.second.Meta(kOwnerKey) == plan.owner; });
  const std::string next = mine == mirror.services().end() ? "" : mine->first;
  if (next == sentinel) return;
  sentinel = next;
  agent->SetSentinel(sentinel);
}

// --- between them --------------------------------------------------------------------------------------------------

PlanOptions Reconciler::Impl::PlanNow() const {
  PlanOptions now = plan;
  now.now_seconds = SystemClock().Wall().count() / 1'000'000'000;
  return now;
}

void Reconciler::Impl::TakeChanges() {
  const Millis now = loop.Now();
  for (const std::string& warning : book.TakeWarnings()) LogWarn(warning);
  for (const std::string& id : book.TakeChanged()) {
    const auto desired = book.desired().find(id);
    if (desired == book.desired().end()) {
      heartbeats.Remove(id);
      queue.MarkDirty(id);
      continue;
    }
    heartbeats.Set(desired->second, now);
    // A mark must be in the answers before the process ends.
    queue.MarkDirty(id, desired->second.maintenance.empty() ? Urgency::kNormal : Urgency::kFirst);
  }
  Pump();
}

void Reconciler::Impl::MarkContainer(const std::string& container_id) {
  for (const std::string& id : mirror.OfContainer(container_id, plan)) queue.MarkDirty(id);
}

void Reconciler::Impl::MarkAll() {
  for (const std::string& id : mirror.Mine(plan)) queue.MarkDirty(id);
  for (const auto& [id, desired] : book.desired()) queue.MarkDirty(id);
}

void Reconciler::Impl::Pump() {
  if (stopping) return;
  while (mirror.known() && calls.size() < options.max_writes) {
    const auto id = queue.Next(loop.Now());
    if (!id) break;
    Work(*id);
  }
  ArmTimer();
}

std::optional<DesiredService> Reconciler::Impl::DesiredOf(const std::string& id, const ActualService* actual) const {
  const auto found = book.desired().find(id);
  if (found != book.desired().end()) {
    DesiredService desired = found->second;
    const auto strip = stripped.find(id);
    if (strip != stripped.end() && strip->second == SpecOf(desired.service)) {
      std::erase_if(desired.service.checks, RunsScripts);
    }
    return desired;
  }
  if (actual == nullptr || !IsMine(*actual, plan)) return std::nullopt;
  return book.Kept(*actual);
}

void Reconciler::Impl::Work(const std::string& id) {
  const ActualService* actual = mirror.Find(id);
  const std::optional<DesiredService> desired = DesiredOf(id, actual);
  ServicePlan next;
  if (desired || actual != nullptr) next = PlanService(desired ? &*desired : nullptr, actual, PlanNow());
  if (next.conflict.empty()) {
    conflicts.erase(id);
  } else if (std::string& known = conflicts[id]; known != next.conflict) {
    known = next.conflict;
    LogWarn(next.conflict);
  }
  if (next.actions.empty()) {
    queue.Clean(id);
    return MarkPostponed();
  }
  const Action& action = next.actions.front();
  if (action.kind == ActionKind::kRemove && !MayRemove(id, *actual)) {
    postponed.insert(id);
    return queue.Clean(id);
  }
  const std::string key = RefusalKey(action, desired ? &desired->service : nullptr);
  if (queue.IsParked(id, key)) return queue.Park(id, key, queue.Trouble(id));
  Send(action, desired ? &*desired : nullptr);
}

// Removed is what the engine has said no to, and never while a new entry of the same container is still on its way: a
// rename must leave no gap.
bool Reconciler::Impl::MayRemove(const std::string& id, const ActualService& actual) {
  const std::string container(actual.Meta(kContainerKey));
  if (!book.Knows(container)) {
    if (!synced || !engine_connected) return false;
    // A list may be wrong, and does not tell how a container ended: the engine is asked for this very one.
    if (!container.empty() && !gone.contains(container)) {
      engine->Refresh(container);
      return false;
    }
  }
  return std::ranges::none_of(book.ServicesOf(container),
                              [&](const std::string& sibling) { return sibling != id && queue.IsBusy(sibling); });
}

void Reconciler::Impl::MarkPostponed() {
  for (const std::string& id : std::exchange(postponed, {})) queue.MarkDirty(id);
}

void Reconciler::Impl::Send(const Action& action, const DesiredService* desired) {
  const std::string& id = action.service_id;
  if (action.kind != ActionKind::kReport) {
    LogInfo(std::string(options.dry_run ? "would " : "") + ActionKindName(action.kind) + " " + id + ": " +
            action.reason);
  }
  std::optional<Service> service;
  if (desired != nullptr) service = desired->service;
  auto done = [this, action, service](const WriteResult& result) { OnWritten(action, service, result); };
  switch (action.kind) {
    case ActionKind::kAdd:
    case ActionKind::kChange:
      calls[id] = writer.Register(*service, plan.owner, action.replace_checks, std::move(done), action.kind);
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
  }
}

void Reconciler::Impl::OnWritten(const Action& action, const std::optional<Service>& service,
                                 const WriteResult& result) {
  const std::string id = action.service_id;
  switch (result.outcome) {
    case WriteOutcome::kDone:
      mirror.Applied(action, service ? &*service : nullptr, plan.owner, loop.Now());
      AfterWrite(action, service);
      HoldSentinel();
      queue.Again(id);
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
  Pump();
}

void Reconciler::Impl::AfterWrite(const Action& action, const std::optional<Service>& service) {
  if (action.kind == ActionKind::kAdd || action.kind == ActionKind::kChange) agent->Remember(service->id);
  if (action.kind != ActionKind::kRemove) return;
  agent->Forget(action.service_id);
  std::erase_if(gone, [this](const std::string& container) { return mirror.OfContainer(container, plan).empty(); });
}

void Reconciler::Impl::OnWriteTrouble(const Action& action, const WriteResult& result) {
  const std::string& id = action.service_id;
  if (queue.Trouble(id) != result.text) {
    LogWarn(std::string("cannot ") + ActionKindName(action.kind) + " " + id + ", tries again: " + result.text);
  }
  queue.Failed(id, result.text, loop.Now());
  if (result.outcome != WriteOutcome::kDenied) agent->Refresh();
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
    return queue.Again(id);
  }
  const std::string advice = scripts ? ". Allow scripts at the agent, or give --lenient-checks" : "";
  LogError("Consul refuses to " + std::string(ActionKindName(action.kind)) + " " + id +
           ", which waits until its definition changes: " + result.text + advice);
  queue.Park(id, RefusalKey(action, service ? &*service : nullptr), result.text);
}

void Reconciler::Impl::SendHeartbeats() {
  for (const Heartbeats::Due& due : heartbeats.Take(loop.Now())) {
    const auto desired = book.desired().find(due.service_id);
    if (desired == book.desired().end() || mirror.Find(due.service_id) == nullptr || beats.contains(due.check_id))
      continue;
    const auto report = std::ranges::find(desired->second.reports, due.check_id, &CheckReport::check_id);
    if (report == desired->second.reports.end()) continue;
    beats[due.check_id] = writer.Report(*report, [this, check_id = due.check_id](const WriteResult& result) {
      if (result.outcome != WriteOutcome::kDone) agent->Refresh();
      beats.erase(std::string(check_id));  // last: it holds this very callback
    });
  }
}

void Reconciler::Impl::OnTimer() {
  book.OnTime(loop.Now());
  SendHeartbeats();
  TakeChanges();
}

void Reconciler::Impl::ArmTimer() {
  const Millis now = loop.Now();
  std::optional<Millis> next = heartbeats.NextDeadline();
  const auto consider = [&next](std::optional<Millis> deadline) {
    if (deadline) next = std::min(next.value_or(*deadline), *deadline);
  };
  consider(book.NextDeadline());
  if (mirror.known() && calls.size() < options.max_writes) consider(queue.NextDeadline(now));
  if (next) {
    timer.Start(std::max(Millis(1), *next - now));
  } else {
    timer.Stop();
  }
}

}  // namespace signpost::registrar
