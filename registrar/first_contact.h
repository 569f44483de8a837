// Signpost. Apache-2.0; see LICENSE.
// --retry-attempts: the agent has to answer one of the first tries. Everything on the loop's thread.
#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/net/loop.h"
#include "common/net/timer.h"

namespace signpost::registrar {

class FirstContact {
 public:
  // Asks 1 + `attempts` times, `pause` apart. `done` is called once, later: ok as soon as the agent answers, whatever
  // it says (one without a leader is there), else kUnavailable. It may destroy the object.
  FirstContact(net::Loop& loop, consul::AgentClient& agent, int attempts, Millis pause,
               std::function<void(Status)> done);

 private:
  void Ask();
  void OnReply(const consul::AgentReply& reply);

  consul::AgentClient& agent_;
  int left_;
  Millis pause_;
  std::function<void(Status)> done_;
  net::Timer timer_;
  std::unique_ptr<consul::AgentClient::Call> call_;
};

}  // namespace signpost::registrar
