// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/reconciler.h"

#include <utility>

#include "registrar/plan/registration.h"
#include "registrar/reconcile/reconciler_impl.h"

namespace signpost::registrar {

// --- the end -------------------------------------------------------------------------------------------------------

void Reconciler::Impl::Stop(OnExit policy, Millis limit, std::function<void()> done) {
  stopping = true;
  stop_policy = policy;
  on_stopped = std::move(done);
  timer.Stop();
  grace.Stop();
  engine.reset();
  agent.reset();
  beats.clear();
  if (policy == OnExit::kKeep) {
    calls.clear();
  } else {
    if (!mirror.known()) LogWarn("stops before it could read what is registered: entries of an earlier run stay");
    to_stop = mirror.Mine({.owner = plan.owner});
    stop_limit.Start(limit);  // a registration that is under way cannot be taken back before it is there
  }
  StopNext();
}

void Reconciler::Impl::StopNext() {
  std::vector<std::string> later;
  while (!to_stop.empty() && calls.size() < options.max_writes) {
    const std::string id = to_stop.back();
    to_stop.pop_back();
    if (calls.contains(id)) {
      later.push_back(id);
      continue;
    }
    auto done = [this, id](const WriteResult& result) {
      Impl* const self = this;  // the call holds this very callback
      if (result.outcome != WriteOutcome::kDone) LogWarn("at the end, " + id + ": " + result.text);
      self->calls.erase(std::string(id));
      self->StopNext();
    };
    const std::string reason = std::string(kOwnReason) + "registrar has been stopped";
    calls[id] = stop_policy == OnExit::kDeregister ? writer.Deregister(id, std::move(done))
                                                   : writer.SetMaintenance(id, true, reason, std::move(done));
  }
  to_stop.insert(to_stop.end(), later.begin(), later.end());
  if (!calls.empty() || !to_stop.empty() || !on_stopped) return;
  stop_limit.Stop();
  loop.Post(std::exchange(on_stopped, nullptr));
}

// --- what others see -----------------------------------------------------------------------------------------------

Reconciler::Reconciler(net::Loop& loop, EngineClient& engine, consul::AgentClient& agent, ReconcilerOptions options)
    : impl_(std::make_unique<Impl>(loop, engine, agent, std::move(options))) {}

Reconciler::~Reconciler() = default;

void Reconciler::Start() { impl_->Start(); }

void Reconciler::SetMapping(MappingOptions mapping) {
  if (mapping.node_id.empty()) mapping.node_id = impl_->options.mapping.node_id;
  impl_->options.mapping = std::move(mapping);
  if (!impl_->engine_seen) return;  // the node's name is not known yet
  impl_->book.SetMapping(impl_->options.mapping, impl_->loop.Now());
  impl_->TakeChanges();
}

void Reconciler::Stop(OnExit policy, Millis limit, std::function<void()> done) {
  impl_->Stop(policy, limit, std::move(done));
}

Reconciler::View Reconciler::view() const {
  const Impl& self = *impl_;
  View view;
  view.engine_connected = self.engine_connected;
  view.engine_seen = self.engine_seen;
  view.agent_reachable = self.agent != nullptr && self.agent->reachable();
  view.agent_denied = self.agent != nullptr && self.agent->denied();
  view.synced = self.synced && self.mirror.known();
  view.owner_id = self.plan.owner;
  view.node_id = self.options.mapping.node_id;
  view.engine_trouble = self.engine_trouble;
  view.agent_trouble = self.agent_trouble;
  view.containers = self.book.containers();
  view.containers_up = self.book.up();
  view.desired = self.book.desired().size();
  view.registered = self.mirror.Mine({.owner = self.plan.owner}).size();
  view.waiting = self.queue.waiting();
  view.parked = self.queue.parked();
  view.conflicts = self.conflicts.size();
  view.oldest_wait = self.queue.OldestWait(self.loop.Now());
  if (self.engine != nullptr) {
    view.last_list = self.engine->last_list();
    view.stale_socket = self.engine->stale_socket();
  }
  return view;
}

std::vector<ServiceStatus> Reconciler::services() const {
  std::vector<ServiceStatus> list;
  for (const auto& [id, desired] : impl_->book.desired()) {
    const auto conflict = impl_->conflicts.find(id);
    const ActualService* actual = impl_->mirror.Find(id);
    list.push_back({.id = id,
                    .name = desired.service.name,
                    .container_id = desired.service.container_id,
                    .maintenance = desired.maintenance,
                    .trouble = conflict == impl_->conflicts.end() ? impl_->queue.Trouble(id) : conflict->second,
                    .registered = actual != nullptr && actual->Meta(kOwnerKey) == impl_->plan.owner});
  }
  return list;
}

Strings Reconciler::conflicts() const {
  Strings list;
  for (const auto& [id, text] : impl_->conflicts) list.push_back(text);
  return list;
}

const EngineWatch::Counters* Reconciler::engine_counters() const {
  return impl_->engine == nullptr ? nullptr : &impl_->engine->counters();
}
const AgentWatch::Counters* Reconciler::agent_counters() const {
  return impl_->agent == nullptr ? nullptr : &impl_->agent->counters();
}
const DesiredBook::Counters& Reconciler::book_counters() const { return impl_->book.counters(); }
const Counter& Reconciler::compared() const { return impl_->compared; }
const AgentWriter& Reconciler::writer() const { return impl_->writer; }

}  // namespace signpost::registrar
