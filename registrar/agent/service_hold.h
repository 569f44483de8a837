// Signpost. Apache-2.0; see LICENSE.
// Holds a blocking read of one service at a Consul agent. The connection breaks the moment the agent dies, and the
// reply comes when somebody changes or removes the service. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/consul/agent_client.h"
#include "common/consul/watch_rules.h"
#include "common/net/timer.h"

namespace signpost::registrar {

struct ServiceHoldOptions {
  Millis wait{60000};  // of the agent, which may take a sixteenth longer
  Millis retry_first{100};
  Millis retry_cap{2000};
};

class ServiceHold {
 public:
  // `on_sign`: the service changed or went, or the read broke or was refused; once until it is held again. It may call
  // the methods, but not destroy the hold. `client` outlives it.
  ServiceHold(net::Loop& loop, consul::AgentClient& client, ServiceHoldOptions options, std::function<void()> on_sign);
  ServiceHold(const ServiceHold&) = delete;
  ServiceHold& operator=(const ServiceHold&) = delete;

  void Set(const std::string& service_id);  // "" = none
  // If it waits after a failure: tries again now.
  void Resume();

 private:
  void SendAfter(Millis delay);
  void Send();
  void OnReply(const consul::AgentReply& reply);

  net::Loop& loop_;
  consul::AgentClient& client_;
  ServiceHoldOptions options_;
  std::function<void()> on_sign_;
  std::string service_id_;
  std::string hash_;  // of the service as it was; "" = ask without blocking
  bool failing_ = false;
  Backoff backoff_;
  Random random_;
  consul::TokenBucket bucket_;
  net::Timer timer_;
  std::unique_ptr<consul::AgentClient::Call> call_;
};

}  // namespace signpost::registrar
