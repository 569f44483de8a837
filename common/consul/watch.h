// Signpost. Apache-2.0; see LICENSE.
// One blocking query that goes on for ever: ask, wait, hand over, ask again. The rules are in watch_rules.h.
// On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/consul/watch_rules.h"
#include "common/net/timer.h"

namespace signpost::consul {

struct WatchOptions {
  std::string path;
  Params params;
  Millis wait{60000};                         // of the server; the reply takes up to 1/16 longer
  Millis first_timeout{30000};                // of a request without an index
  double burst = 10;                          // of requests,
  double per_second = 20;                     // and their lasting rate
  Millis max_backoff{10000};                  // between tries after failures
  uint64_t first_index = 0;                   // the index of data that the caller holds already; 0 = none
  Millis max_last_contact = kMaxLastContact;  // a reply of a server longer without its leader is a failure
  bool missing_is_empty = false;  // status 404 with an index is a good reply without a body: nothing there yet
};

class Watch {
 public:
  // What a good reply brought compared with the good one before.
  struct News {
    bool changed = false;   // the body differs
    bool advanced = false;  // the index moved
  };
  struct Events {
    // A good reply, changed or not. An error means that the body cannot be read: it counts as kBadReply and is retried.
    std::function<Status(const AgentReply&, News)> on_reply;
    // Data at hand stays valid. Retried by the watch itself.
    std::function<void(AgentError, const std::string& text)> on_failure;
  };

  // Begins at once, but no callback comes from inside the constructor. `client` outlives the watch. Callbacks may
  // destroy the watch.
  Watch(net::Loop& loop, AgentClient& client, WatchOptions options, Events events);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Drops the request under way and any back-off, asks again without an index after a random part of `spread`.
  void Restart(Millis spread);
  bool failing() const { return failing_; }

 private:
  void SendAfter(Millis delay);
  void Send();
  void OnReply(AgentReply reply);
  void Fail(AgentError error, const std::string& text);

  net::Loop& loop_;
  AgentClient& client_;
  WatchOptions options_;
  std::shared_ptr<const Events> events_;  // a callback keeps it alive; use_count 1 then tells that the watch is gone
  WatchPosition position_;
  TokenBucket bucket_;
  Backoff backoff_;
  Random random_;
  bool failing_ = false;
  net::Timer timer_;
  std::unique_ptr<AgentClient::Call> call_;
};

}  // namespace signpost::consul
