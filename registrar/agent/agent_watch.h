// Signpost. Apache-2.0; see LICENSE.
// What one Consul agent has, kept in sight: read whole at the start, after every sign of change or loss, and every
// `read_period`. Everything on the loop's thread.
//
// Signs: a blocking read of one own service (breaks the moment the agent dies), a blocking read of the node (returns
// when somebody writes), the caller.
//
// An agent that has gone silent (it takes requests and never answers) is found within `hold` + `hold`/16 + `hold_slack`
// + `quick_timeout`, as long as SetSentinel has named a service, it is held, and a connection is free. Without one it
// is found by the next reading and `timeout`.
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
  Millis read_period{60000};  // jittered by a tenth
  Millis min_read_gap{250};   // readings are not closer than this
  Millis timeout{10000};      // of each request of a reading
  // The same for the first reading after the blocking read of the service got no reply: the agent is under suspicion.
  Millis quick_timeout{3000};
  Millis hold{15000};       // of the blocking reads; the agent may take a sixteenth longer
  Millis hold_slack{2000};  // beyond that the blocking read of the service counts as broken
  Millis retry_first{100};  // of readings that fail
  Millis retry_cap{1000};   // a restart is to be noticed below 2 s
};

class AgentWatch {
 public:
  struct Handlers {
    // A whole reading, to keep. `begun` is when its first request was sent (loop time): a write that was confirmed at
    // that time or later may be missing in it. A reading that lacks own services which stood there when it began (the
    // one before had them, or Remember told so) is believed only when a direct read of one of them says 404, or the
    // agent is another one (its NodeID changed): a token that lost its right sees an empty list too.
    std::function<void(ActualServices, Millis begun)> on_actual;
    // Once per loss, and when its kind changes; what is known stays. kDenied: 401 or 403, to a reading or to the direct
    // read. kUnavailable: no reply, any other status, or twice in a row a reading that lacks a service which the direct
    // read finds. kInvalid: the reply is not a Consul agent's. A loss ends with the next on_actual.
    std::function<void(const Status&)> on_lost;
    // Another NodeID answered: reports of checks are lost. Just before its on_actual.
    std::function<void()> on_restarted;
  };

  // `client` outlives it. No handler is called from inside a method; handlers may not destroy the watch.
  AgentWatch(net::Loop& loop, consul::AgentClient& client, AgentWatchOptions options, Handlers handlers);
  ~AgentWatch();
  AgentWatch(const AgentWatch&) = delete;
  AgentWatch& operator=(const AgentWatch&) = delete;

  // Reads from now on. `owner` is whose services "own" means. To be called once.
  void Start(std::string owner);
  // Reads again, soon: a write failed, or was answered unexpectedly.
  void Refresh();
  // One own service that stands at the agent, to be held on to; "" = none.
  void SetSentinel(const std::string& service_id);
  // The caller registered this own service: a reading that begins later and lacks it is doubted.
  void Remember(const std::string& service_id);
  // The caller deregistered it: its absence is no sign of a lost right, even if a reading under way still lists it.
  void Forget(const std::string& service_id);

  bool reachable() const;  // the last reading was whole or got 403; if it was doubted: the direct read got a reply
  bool denied() const;     // the last reading, or the direct read after it, got 401 or 403

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
