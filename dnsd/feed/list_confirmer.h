// Signpost. Apache-2.0; see LICENSE.
// Fetches the service list of a datacenter by a consistent read when an absence is in doubt: the leader answers, after
// it made sure of its leadership and applied its whole log. One request per datacenter at a time. On the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/consul/agent_client.h"
#include "dnsd/feed/feed_context.h"

namespace signpost::feed {

class ListConfirmer {
 public:
  // `on_list` gets replies of status 200 only, and when they were asked for: they settle doubts raised before. After a
  // failure whoever is still in doubt asks again.
  using OnList = std::function<void(const std::string& datacenter, const consul::AgentReply&, Millis sent)>;

  ListConfirmer(net::Loop& loop, consul::AgentClient& client, std::string agent_datacenter, OnList on_list)
      : loop_(loop), client_(client), agent_datacenter_(std::move(agent_datacenter)), on_list_(std::move(on_list)) {}

  // A new doubt raised while a request is under way is answered by a second one: the first may be older.
  void Request(const std::string& datacenter, Doubt doubt);

 private:
  struct Pending {
    bool again = false;
    Millis sent{0};
    std::unique_ptr<consul::AgentClient::Call> call;
  };

  void Send(const std::string& datacenter, Pending& pending);
  void OnReply(const std::string& datacenter, const consul::AgentReply& reply);

  net::Loop& loop_;
  consul::AgentClient& client_;
  std::string agent_datacenter_;
  OnList on_list_;
  std::map<std::string, Pending> pending_;
};

}  // namespace signpost::feed
