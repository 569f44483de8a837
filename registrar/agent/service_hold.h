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
  Millis slack{2000};  // beyond that: later the read counts as broken
  Millis retry_first{100};
  Millis retry_cap{2000};
};

class ServiceHold {
 public:
  // What a sign tells about the agent: that it answers, or that it may be gone or silent.
  enum class Sign : unsigned char { kAnswered, kBroken };

  // `on_sign`: the service changed (kAnswered, each time); or it went, or the read was refused (kAnswered) or got no
  // reply (kBroken): once until it is held again. It may call the methods, but not destroy the hold. `client` outlives
  // it.
  ServiceHold(net::Loop& loop, consul::AgentClient& client, ServiceHoldOptions options,
              std::function<void(Sign)> on_sign);
  ServiceHold(const ServiceHold&) = delete;
  ServiceHold& operator=(const ServiceHold&) = delete;

  // "" = none. However often it is called: the last one is asked for as soon as the rate of requests allows.
  void Set(const std::string& service_id);
  // If it waits after a failure: tries again now.
  void Resume();

 private:
  void SendAfter(Millis delay);
  void Send();
  void OnReply(const consul::AgentReply& reply);

  net::Loop& loop_;
  consul::AgentClient& client_;
  ServiceHoldOptions options_;
  std::function<void(Sign)> on_sign_;
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
