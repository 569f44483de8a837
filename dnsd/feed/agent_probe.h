// Signpost. Apache-2.0; see LICENSE.
// Asks the agent regularly whether it is there, by the list of datacenters. A blocking query over a connection that
// died silently would notice much later. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/consul/agent_client.h"
#include "common/net/timer.h"

namespace signpost::feed {

struct AgentProbeOptions {
  Millis period{10000};
  Millis timeout{5000};
  bool learn_datacenter = false;  // ask /v1/agent/self first
};

class AgentProbe {
 public:
  struct Callbacks {
    std::function<void(std::vector<std::string> lower_names)> on_datacenters;
    // After each probe. `recovered`: the one before got no reply.
    std::function<void(bool reachable, bool recovered, const std::string& text)> on_contact;
    // Once, before any other callback, if the datacenter is to be learnt.
    std::function<void(const std::string& datacenter)> on_own_datacenter;
  };

  // Begins at once; no callback comes from inside the constructor.
  AgentProbe(net::Loop& loop, consul::AgentClient& client, AgentProbeOptions options, Callbacks callbacks);

  // Somebody else's request failed: probes again soon rather than at the end of the period. However often it is
  // called, the next probe only comes earlier.
  void Hurry();

 private:
  void Probe();
  void AskSelf();
  void OnSelf(const consul::AgentReply& reply);
  void OnList(const consul::AgentReply& reply);
  void Contact(const consul::AgentReply& reply);
  void Again(bool failed);
  void StartTimer(Millis delay);

  net::Loop& loop_;
  consul::AgentClient& client_;
  AgentProbeOptions options_;
  Callbacks callbacks_;
  bool learning_;
  bool self_denied_ = false;
  bool lost_ = false;
  Random random_;
  Backoff backoff_;
  net::Timer timer_;
  Millis due_{0};  // when it fires
  std::unique_ptr<consul::AgentClient::Call> call_;
};

}  // namespace signpost::feed
