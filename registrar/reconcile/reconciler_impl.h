// Signpost. Apache-2.0; see LICENSE.
// The inside of Reconciler; for this folder only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/net/timer.h"
#include "registrar/reconcile/agent_mirror.h"
#include "registrar/reconcile/heartbeats.h"
#include "registrar/reconcile/reconciler.h"

namespace signpost::registrar {

bool RunsScripts(const CheckDefinition& check);
// What a refusal depends on: while this stays the same, so does the answer. `service`: of kAdd and kChange.
std::string RefusalKey(const Action& action, const Service* service);
// Since 1970.
int64_t WallSeconds();

struct Reconciler::Impl {
  Impl(net::Loop& the_loop, EngineClient& the_engine_client, consul::AgentClient& the_agent_client,
       ReconcilerOptions the_options);
  void Start();

  // --- the engine's side
  void OnConnected(const EngineInfo& info);
  void OnEvent(const Event& event);
  void OnContainer(Container container);
  void OnGone(const std::string& container_id);
  void OnSynced();
  void OnEngineLost(const Status& status);
  void OnGraceOver();
  // --- the agent's side
  void OnActual(ActualServices reading, Millis begun);
  void OnAgentBack();
  void BeginAnew();
  void OnAgentLost(const Status& status);
  void OnAgentRestarted();
  void HoldSentinel();
  // --- between them
  void TakeChanges();
  void MarkContainer(const std::string& container_id);
  void MarkAll();
  bool MayWrite() const;
  void Pump();
  void Work(const std::string& id);
  void NoteConflict(const std::string& id, const std::string& conflict);
  std::optional<Action> Choose(const std::string& id, const std::vector<Action>& actions, const DesiredService* desired,
                               const ActualService* actual);
  bool Announced(const Action& action, const std::optional<Service>& service);
  bool IsToBeMarked(const std::string& id) const;
  void AfterWrite(const Action& action, const std::optional<Service>& service);
  void OnWriteTrouble(const Action& action, const WriteResult& result);
  std::optional<DesiredService> DesiredOf(const std::string& id, const ActualService* actual) const;
  bool MayAct(const Action& action, const DesiredService* desired, const ActualService* actual);
  bool MayRemove(const std::string& id, const ActualService& actual);
  void MarkPostponed();
  void Send(const Action& action, const DesiredService* desired);
  void OnWritten(const Action& action, const std::optional<Service>& service, const WriteResult& result);
  void ParkOrStrip(const Action& action, const std::optional<Service>& service, const WriteResult& result);
  void SendHeartbeats();
  void OnBeat(const Heartbeats::Due& due, const WriteResult& result);
  void MarkEnded();
  std::optional<Millis> NextMarkEnd(Millis now) const;
  void OnTimer();
  void ArmTimer();
  PlanOptions PlanNow() const;
  // --- the end
  void Stop(OnExit policy, Millis limit, std::function<void()> done);
  void StopNext();

  net::Loop& loop;
  EngineClient& engine_client;
  consul::AgentClient& agent_client;
  ReconcilerOptions options;
  AgentWriter writer;
  DesiredBook book;
  WriteQueue queue;
  Heartbeats heartbeats;
  AgentMirror mirror;
  PlanOptions plan;
  std::map<std::string, std::unique_ptr<AgentWriter::Call>> calls;  // by service ID
  std::map<std::string, std::unique_ptr<AgentWriter::Call>> beats;  // by check ID
  std::map<std::string, std::string> conflicts;                     // by service ID
  std::map<std::string, std::string> stripped;   // service ID to the spec whose script checks the agent refuses
  std::set<std::string> postponed;               // removals that wait
  std::set<std::string> gone;                    // containers that the engine says it does not have
  std::set<std::string> own_marks;               // services that this process has put into maintenance
  std::map<std::string, std::string> announced;  // in a dry run: the last intended action, by service ID
  std::string sentinel;
  Nanos engine_ahead{0};  // the engine's clock against ours
  int lists = 0;          // full lists of the engine that are worked off
  bool asked_again = false;
  Counter compared;
  bool engine_current = false;  // connected, and a full list since then is worked off
  bool engine_connected = false, engine_seen = false, synced = false;
  std::string engine_trouble, agent_trouble;
  NeighbourLog agent_log{"the Consul agent"};
  net::Timer timer, grace;
  std::unique_ptr<EngineWatch> engine;  // null when stopping
  std::unique_ptr<AgentWatch> agent;

  std::vector<std::string> to_stop;  // services that the end still has to deal with
  OnExit stop_policy = OnExit::kKeep;
  std::function<void()> on_stopped;
  net::Timer stop_limit;
  bool stopping = false;
};

}  // namespace signpost::registrar
