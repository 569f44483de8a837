// Signpost. Apache-2.0; see LICENSE.
// Carries out the fetch queue over a few connections, slowly when Consul ails, and drives the background sweep in the
// time left over. On the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/consul/agent_client.h"
#include "common/consul/watch_rules.h"
#include "common/net/timer.h"
#include "dnsd/feed/fetch_queue.h"

namespace signpost::feed {

struct FetcherOptions {
  size_t max_in_flight = 12;
  size_t max_urgent = 4096;  // more urgent keys than this are refused
  double sweep_per_second = 500;
  std::string own_datacenter;    // whose failures slow everything down
  std::string agent_datacenter;  // see RequestFor
};

class Fetcher {
 public:
  struct Callbacks {
    std::function<void(const catalog::Key&, consul::AgentReply)> on_reply;
    // The next key of the sweep under way, or nothing when none is.
    std::function<std::optional<catalog::Key>()> next_of_sweep;
  };

  Fetcher(net::Loop& loop, consul::AgentClient& client, FetcherOptions options, Callbacks callbacks);

  // The answer comes by on_reply, never from inside this call. False: refused, too many clients wait already.
  bool Fetch(const catalog::Key& key, Urgency urgency);
  // next_of_sweep has something to give.
  void WakeSweep();
  // Ends the pause after a failure: the agent is back.
  void Resume();

  size_t in_flight() const { return queue_.in_flight(); }
  size_t waiting() const { return queue_.waiting(); }

 private:
  void Pump();
  void PumpSweep();
  void Begin(const catalog::Key& key);
  void OnReply(const catalog::Key& key, consul::AgentReply reply);

  net::Loop& loop_;
  consul::AgentClient& client_;
  FetcherOptions options_;
  Callbacks callbacks_;
  FetchQueue queue_;
  consul::TokenBucket sweep_rate_;
  Backoff backoff_;
  Random random_;
  net::Timer pause_;
  net::Timer sweep_timer_;
  net::Timer pump_timer_;
  std::unordered_map<catalog::Key, std::unique_ptr<consul::AgentClient::Call>, KeyHash> calls_;
};

}  // namespace signpost::feed
