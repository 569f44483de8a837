// Signpost. Apache-2.0; see LICENSE.
// What one Consul agent has, kept in sight: read whole at the start, after every sign of change or loss, and every
// `read_period`. Everything on the loop's thread.
//
// Signs: a blocking read of one own service (breaks the moment the agent dies), a blocking read of the node (returns
// when somebody writes), the caller.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/net/loop.h"
#include "registrar/plan/actual.h"

namespace signpost::registrar {

struct AgentWatchOptions {
  std::string owner;          // whose services "own" means
  Millis read_period{60000};  // jittered by a tenth
  Millis min_read_gap{250};   // readings are not closer than this
  // Of the blocking reads; the agent may take a sixteenth longer. An agent that has gone silent is found within this
  // and 5 s.
  Millis hold{15000};
  Millis retry_first{100};  // of readings that fail
  Millis retry_cap{1000};   // a restart is to be noticed below 2 s
};

class AgentWatch {
 public:
  struct Handlers {
    // A whole reading. `begun` is when its first request was sent (loop time): a write that was confirmed later may be
    // missing in it. A reading that lacks own services of the one before is believed only when a direct read of one of
    // them says 404, or the agent is another one (its NodeID changed): a token that lost its right sees an empty list
    // too.
    std::function<void(const ActualServices&, Millis begun)> on_actual;
    // Once per loss, and when its kind changes; what is known stays. kDenied: also a reading that was not believed.
    // kUnavailable: no connection, no reply. kInvalid: no Consul agent. Every loss ends with on_actual.
    std::function<void(const Status&)> on_lost;
    std::function<void()> on_restarted;  // another NodeID answered: reports of checks are lost
  };

  // `client` outlives it. No handler is called from inside a method; handlers may not destroy the watch.
  AgentWatch(net::Loop& loop, consul::AgentClient& client, AgentWatchOptions options, Handlers handlers);
  ~AgentWatch();
  AgentWatch(const AgentWatch&) = delete;
  AgentWatch& operator=(const AgentWatch&) = delete;

  // Known before the first reading only. The caller learns the owner from the engine.
  void Start(std::string owner);
  // Reads again, soon: a write failed, or was answered unexpectedly.
  void Refresh();
  // One own service that stands at the agent, to be held on to; "" = none.
  void SetSentinel(const std::string& service_id);
  // The caller deregistered it: its absence is no sign of a lost right.
  // One own service was registered: a reading that lacks it is doubted from now on.
  void Remember(const std::string& service_id);
  void Forget(const std::string& service_id);

  bool reachable() const;                // the last reading was answered, be it with 403
  bool denied() const;                   // the token lacks a right that was there, or the agent says 403
  const std::string& node_name() const;  // "" until known; stays so while the token may not ask

  struct Counters {
    Counter readings;
    Counter restarts;
    Counter doubted_readings;
  };
  const Counters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::registrar
