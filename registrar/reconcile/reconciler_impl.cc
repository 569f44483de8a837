// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/reconciler_impl.h"

#include <algorithm>
#include <utility>

#include "common/base/random.h"
#include "registrar/plan/registration.h"
#include "registrar/reconcile/owner.h"

namespace signpost::registrar {
namespace {

// A second look at the engine's list before entries are adopted that nothing but their name says anything about.
constexpr int kListsBeforeAdoption = 2;

}  // namespace

bool RunsScripts(const CheckDefinition& check) {
  return !check.script_args.empty() || !check.docker_container_id.empty();
}

std::string RefusalKey(const Action& action, const Service* service) {
  const bool registers = action.kind == ActionKind::kAdd || action.kind == ActionKind::kChange;
  if (registers && service != nullptr) return SpecOf(*service);
  return std::string(ActionKindName(action.kind)) + " " + action.text + action.report.check_id + action.report.status +
         action.report.output;
}

int64_t WallSeconds() { return SystemClock().Wall().count() / 1'000'000'000; }

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
          .on_actual = [this](ActualServices reading, Millis begun) { OnActual(std::move(reading), begun); },
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
  engine_ahead = info.system_time_nano == 0 ? Nanos(0) : Nanos(info.system_time_nano) - SystemClock().Wall();
  grace.Stop();
}

void Reconciler::Impl::OnEvent(const Event& event) {
  const Nanos engine_now = SystemClock().Wall() + engine_ahead;
  const Nanos age = event.time_nano == 0 ? Nanos(0) : engine_now - Nanos(event.time_nano);
  book.OnEvent(event, loop.Now(), WallSeconds(), std::chrono::duration_cast<Millis>(age));
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
  synced = engine_current = true;
  ++lists;
  book.SetGeneralMaintenance("");
  MarkAll();
  TakeChanges();
}

void Reconciler::Impl::OnEngineLost(const Status& status) {
  engine_connected = engine_current = false;
  engine_trouble = status.text();
  if (options.engine_grace > Millis(0) && engine_seen) grace.Start(options.engine_grace);
}

void Reconciler::Impl::OnGraceOver() {
  LogWarn("the Docker Engine has been away for too long: all its services go into maintenance");
  book.SetGeneralMaintenance(std::string(kOwnReason) + "the Docker Engine does not answer");
  TakeChanges();
}

// --- the agent's side ----------------------------------------------------------------------------------------------

void Reconciler::Impl::OnActual(ActualServices reading, Millis begun) {
  const bool first = !mirror.known();
  const std::vector<std::string> changed =
      mirror.Merge(std::move(reading), begun, [this](const std::string& id) { return calls.contains(id); });
  if (!agent_trouble.empty()) OnAgentBack();
  HoldSentinel();
  if (first) {
    book.Remap();  // what the agent has decides some things there
    MarkAll();
  }
  for (const std::string& id : changed) queue.MarkDirty(id, loop.Now());
  TakeChanges();
}

void Reconciler::Impl::OnAgentBack() {
  agent_trouble.clear();
  agent_log.Report(Status::Ok());
  BeginAnew();
}

// What was refused may be accepted now: another configuration, another proxy, a token with other rights.
void Reconciler::Impl::BeginAnew() {
  queue.ForgetFailures();
  stripped.clear();
  MarkAll();
}

void Reconciler::Impl::OnAgentLost(const Status& status) {
  agent_trouble = status.text();
  agent_log.Report(status);
}

void Reconciler::Impl::OnAgentRestarted() {
  LogInfo("another Consul agent answers: everything is compared again");
  own_marks.clear();
  heartbeats.ExpireAll(loop.Now());
  BeginAnew();
}

// One that stays for a while: nobody wants to let go of it soon.
void Reconciler::Impl::HoldSentinel() {
  const auto holds = [this](const std::string& id) {
    const ActualService* actual = mirror.Find(id);
    return actual != nullptr && actual->Meta(kOwnerKey) == plan.owner && book.desired().contains(id);
  };
  if (holds(sentinel)) return;
  const auto next =
      std::ranges::find_if(book.desired(), [&holds](const auto& desired) { return holds(desired.first); });
  const std::string id = next == book.desired().end() ? "" : next->first;
  if (id == sentinel) return;
  sentinel = id;
  agent->SetSentinel(sentinel);
}

// --- between them --------------------------------------------------------------------------------------------------

PlanOptions Reconciler::Impl::PlanNow() const {
  PlanOptions now = plan;
  now.now_seconds = WallSeconds();
  return now;
}

void Reconciler::Impl::TakeChanges() {
  const Millis now = loop.Now();
  for (const std::string& warning : book.TakeWarnings()) LogWarn(warning);
  for (const std::string& id : book.TakeChanged()) {
    const auto desired = book.desired().find(id);
    if (desired == book.desired().end()) {
      heartbeats.Remove(id);
      stripped.erase(id);
      queue.MarkDirty(id, now);
      continue;
    }
    heartbeats.Set(desired->second, now);
    // A mark must be in the answers before the process ends.
    queue.MarkDirty(id, now, desired->second.maintenance.empty() ? Urgency::kNormal : Urgency::kFirst);
  }
  Pump();
}

void Reconciler::Impl::MarkContainer(const std::string& container_id) {
  for (const std::string& id : mirror.OfContainer(container_id, plan)) queue.MarkDirty(id, loop.Now());
}

void Reconciler::Impl::MarkAll() {
  for (const std::string& id : mirror.Mine(plan)) queue.MarkDirty(id, loop.Now());
  for (const auto& [id, desired] : book.desired()) queue.MarkDirty(id, loop.Now());
}

bool Reconciler::Impl::MayWrite() const {
  // Without a reading nothing is known; an agent that does not answer is not asked by every service in turn.
  return mirror.known() && (agent->reachable() || agent->denied()) && calls.size() < options.max_writes;
}

void Reconciler::Impl::Pump() {
  if (stopping) return;
  while (MayWrite()) {
    const auto id = queue.Next(loop.Now());
    if (!id) break;
    Work(*id);
  }
  // Once means once: what gets such a name later is a stranger's.
  const bool settled = mirror.known() && lists >= kListsBeforeAdoption && queue.waiting() == 0 && calls.empty();
  if (settled && !plan.adopt_prefix.empty()) plan.adopt_prefix.clear();
  ArmTimer();
}

std::optional<DesiredService> Reconciler::Impl::DesiredOf(const std::string& id, const ActualService* actual) const {
  const auto found = book.desired().find(id);
  if (found != book.desired().end()) {
    DesiredService desired = found->second;
    desired.may_lift = own_marks.contains(id);
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
  compared.Add();
  const ActualService* actual = mirror.Find(id);
  const std::optional<DesiredService> desired = DesiredOf(id, actual);
  ServicePlan next;
  if (desired || actual != nullptr) next = PlanService(desired ? &*desired : nullptr, actual, PlanNow());
  NoteConflict(id, next.conflict);
  const std::optional<Action> action = Choose(id, next.actions, desired ? &*desired : nullptr, actual);
  if (!action) {
    queue.Clean(id, loop.Now());
    return MarkPostponed();
  }
  if (!MayAct(*action, desired ? &*desired : nullptr, actual)) {
    postponed.insert(id);
    return queue.Clean(id, loop.Now());
  }
  if (action->kind == ActionKind::kReport && beats.contains(action->report.check_id)) {
    return queue.Clean(id, loop.Now());  // the older report must not arrive after this one; its end marks the service
  }
  Send(*action, desired ? &*desired : nullptr);
}

void Reconciler::Impl::NoteConflict(const std::string& id, const std::string& conflict) {
  if (conflict.empty()) {
    conflicts.erase(id);
  } else if (std::string& known = conflicts[id]; known != conflict) {
    known = conflict;
    LogWarn(conflict);
  }
}

// The first action that the agent has not refused. A refused registration must not hide a mark, and an entry that leads
// to a container which is gone must not stay because its successor is refused.
std::optional<Action> Reconciler::Impl::Choose(const std::string& id, const std::vector<Action>& actions,
                                               const DesiredService* desired, const ActualService* actual) {
  const Service* service = desired == nullptr ? nullptr : &desired->service;
  std::set<std::string> keys;
  for (const Action& action : actions) keys.insert(RefusalKey(action, service));
  queue.KeepParked(id, keys);
  const bool refused = std::ranges::any_of(actions, [&](const Action& action) {
    return action.kind == ActionKind::kChange && queue.IsParked(id, RefusalKey(action, service));
  });
  for (Action action : actions) {
    // A check goes only to make room for what the change brings.
    if (refused && action.kind == ActionKind::kRemoveCheck) continue;
    if (queue.IsParked(id, RefusalKey(action, service))) {
      const bool stale = action.kind == ActionKind::kChange && actual->Meta(kOwnerKey) == plan.owner &&
                         actual->Meta(kContainerKey) != service->container_id;
      if (!stale) continue;
      action = Action{.kind = ActionKind::kRemove, .service_id = id};
      action.reason = "it leads to a container that is gone, and Consul refuses the new definition";
      return action;
    }
    if (action.kind == ActionKind::kRemove) action.reason = book.WhyNot(*actual);
    return action;
  }
  return std::nullopt;
}

bool Reconciler::Impl::MayAct(const Action& action, const DesiredService* desired, const ActualService* actual) {
  if (action.kind == ActionKind::kRemove) return MayRemove(action.service_id, *actual);
  // Without the engine nobody knows whether what was being stopped has survived.
  if (action.kind == ActionKind::kMaintenanceOff) return engine_current;
  if (action.kind != ActionKind::kChange || synced) return true;
  // After a start: perhaps the entry's own container has only not been inspected yet.
  const std::string_view holder = actual->Meta(kContainerKey);
  return holder.empty() || holder == desired->service.container_id || book.Knows(holder);
}

// Removed is what the engine has said no to, and never while a new entry of the same container is still on its way: a
// rename must leave no gap.
bool Reconciler::Impl::MayRemove(const std::string& id, const ActualService& actual) {
  const std::string container(actual.Meta(kContainerKey));
  if (!book.Knows(container) && !gone.contains(container)) {
    if (!engine_current) return false;
    if (container.empty()) {
      if (lists >= kListsBeforeAdoption) return true;
      if (!std::exchange(asked_again, true)) engine->Relist();
    } else {
      engine->Refresh(container);  // a list may be wrong, and does not tell how a container ended
    }
    return false;
  }
  return std::ranges::none_of(book.ServicesOf(container),
                              [&](const std::string& sibling) { return sibling != id && queue.IsBusy(sibling); });
}

void Reconciler::Impl::MarkPostponed() {
  for (const std::string& id : std::exchange(postponed, {})) queue.MarkDirty(id, loop.Now());
}

}  // namespace signpost::registrar
