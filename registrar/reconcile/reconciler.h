// Signpost. Apache-2.0; see LICENSE.
// Keeps one Consul agent equal to the containers of one Docker Engine. Puts together: EngineWatch (what runs) ->
// DesiredBook (what should stand) -> PlanService (difference) -> WriteQueue (when) -> AgentWriter, against AgentWatch
// (what stands). Everything on the loop's thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/net/loop.h"
#include "registrar/agent/agent_watch.h"
#include "registrar/agent/agent_writer.h"
#include "registrar/docker/engine_client.h"
#include "registrar/docker/engine_watch.h"
#include "registrar/mapping/options.h"
#include "registrar/plan/plan.h"
#include "registrar/reconcile/desired_book.h"
#include "registrar/reconcile/write_queue.h"

namespace signpost::registrar {

enum class OnExit : unsigned char { kKeep, kDeregister, kMaintenance };

struct ReconcilerOptions {
  std::string owner_id;    // "" = the engine's ID (Podman: its host name, since that engine has no lasting ID)
  MappingOptions mapping;  // node_id "" = the engine's host name
  DeregisterMode deregister = DeregisterMode::kAlways;
  std::string adopt_prefix;     // "" = none
  bool adopt_own = false;       // --cleanup: adopt_prefix is "<node_id>:"
  bool lenient_checks = false;  // a service whose script checks the agent refuses is registered without them
  bool dry_run = false;
  Millis refresh{20000};   // of mirrored health checks
  Millis engine_grace{0};  // all services go into maintenance when the engine is away for longer; 0 = never
  size_t max_writes = 16;  // under way at once
  EngineWatchOptions engine;
  AgentWatchOptions agent;
};

// What one service is like; for /status.
struct ServiceStatus {
  std::string id;
  std::string name;
  std::string container_id;
  std::string maintenance;  // desired; "" = none
  std::string trouble;      // why it is not yet as desired; "" = it is
  bool registered = false;  // the agent has it
};

class Reconciler {
 public:
  // The clients outlive it. Nothing happens before Start.
  Reconciler(net::Loop& loop, EngineClient& engine, consul::AgentClient& agent, ReconcilerOptions options);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  void Start();  // once
  // Other mapping options, or another host address; a node_id "" stays the engine's name.
  void SetMapping(MappingOptions mapping);
  // Stops following, does what `policy` says with the own services, then calls `done`: at most `limit` later, whatever
  // is left.
  void Stop(OnExit policy, Millis limit, std::function<void()> done);

  struct View {
    bool engine_connected = false;
    bool engine_seen = false;  // since the start
    bool agent_reachable = false;
    bool agent_denied = false;
    bool synced = false;  // one full picture of the engine and one reading of the agent are in
    std::string owner_id, node_id;
    std::string engine_trouble, agent_trouble;  // "" = well
    size_t containers = 0, containers_up = 0, desired = 0, registered = 0, waiting = 0, parked = 0, conflicts = 0;
    Millis oldest_wait{0};      // how long the service that waits longest has waited for its write
    bool stale_socket = false;  // the engine's socket refuses for good; only a new container for registrar helps
    Nanos last_list{0};         // wall time of the last full list of the engine
  };
  View view() const;
  std::vector<ServiceStatus> services() const;
  Strings conflicts() const;

  // Null before Start and after Stop.
  const EngineWatch::Counters* engine_counters() const;
  const AgentWatch::Counters* agent_counters() const;
  const DesiredBook::Counters& book_counters() const;
  const Counter& compared() const;  // services looked at
  const AgentWriter& writer() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::registrar
