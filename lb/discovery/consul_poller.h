// Signpost. Apache-2.0; see LICENSE.
// Reads services in turn, those for which there is no held request. On the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/consul/agent_client.h"
#include "common/net/timer.h"

namespace signpost::lb {

class ConsulPoller {
 public:
  struct Callbacks {
    std::function<void(const std::string& name, const consul::AgentReply& reply)> on_reply;  // of error kNone
    // That one could not be read. The next is tried after a pause, unless the agent is well and only refuses this one.
    std::function<void(const std::string& name, consul::AgentError error, const std::string& text)> on_failure;
  };
  struct Options {
    size_t in_flight = 4;
    Millis pace{20};     // between two reads in turn; what is urgent goes as fast as replies come
    Millis pause{1000};  // after a failure
  };

  // `client` outlives the poller. Callbacks may Add, Remove and Hurry, and not destroy the poller.
  ConsulPoller(net::Loop& loop, consul::AgentClient& client, Options options, Callbacks callbacks);
  ConsulPoller(const ConsulPoller&) = delete;
  ConsulPoller& operator=(const ConsulPoller&) = delete;

  // It is read soon, then in turn.
  void Add(const std::string& name);
  void Remove(const std::string& name);
  // Out of turn.
  void Hurry(const std::string& name);
  size_t size() const { return names_.size(); }

 private:
  void Pump();
  void Resume();
  void Send(const std::string& name);
  void OnReply(const std::string& name, consul::AgentReply reply);
  std::string Next();

  consul::AgentClient& client_;
  Options options_;
  Callbacks callbacks_;
  std::set<std::string> names_;
  std::deque<std::string> urgent_;
  std::set<std::string> urgent_names_;  // the same
  bool paused_ = false;
  std::string last_;  // that was read in turn
  std::map<std::string, std::unique_ptr<consul::AgentClient::Call>> calls_;
  net::Timer timer_;
};

}  // namespace signpost::lb
