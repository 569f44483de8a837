// Signpost. Apache-2.0; see LICENSE.
// All services of the catalog that are followed: each by a held request while there are enough, the rest in turn. On
// the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/consul/watch.h"
#include "common/net/timer.h"
#include "lb/discovery/consul_follower.h"
#include "lb/discovery/consul_list.h"
#include "lb/discovery/consul_poller.h"

namespace signpost::lb {

struct FollowersOptions {
  FollowRules rules;
  size_t max_watches = 90;
  Millis wait{55000};
};

// As every watch of lb asks: few requests, and staleness judged by who reads the reply.
consul::WatchOptions LbWatchOptions(std::string path, Millis wait);

// The agent refuses another connection of this host: its http_max_conns_per_client are in use.
bool IsTooMany(consul::AgentError error, const std::string& text);

class ConsulFollowers {
 public:
  struct Callbacks {
    std::function<void()> confirm_list;  // read the list of services again: something is said to be empty
    std::function<void()> on_settled;    // something was read, or failed to be, for the first time
  };

  // All that is referred to outlives this. Nothing is told from inside the constructor.
  ConsulFollowers(net::Loop& loop, FollowersOptions options, const ConsulList& list, consul::AgentClient& watch_client,
                  consul::AgentClient& poll_client, SourceSink& sink, Callbacks callbacks);
  ConsulFollowers(const ConsulFollowers&) = delete;
  ConsulFollowers& operator=(const ConsulFollowers&) = delete;

  // Brings what is followed in line with the list, which is believed, and what is wanted by name.
  void Follow(std::set<std::string> wanted);
  // By service. Nothing is told before the first call: services are told with their policies.
  void SetPolicies(const std::map<std::string, std::string>& policies);
  // Those in back-off ask again soon; as many are watched as the options allow, whatever was refused before.
  void RestartFailing();

  // The agent is out of order: what is read in turn is held at once, not only when its turn comes.
  void HoldPolled(consul::AgentError error, const std::string& text);
  // Gives up a watch, if there is one: the agent refuses connections.
  bool MakeRoom();

  // Of what is followed, that of which there is no good word yet.
  std::set<std::string> Unknown() const;
  // Everything followed was read, or failed to be.
  bool settled() const { return unsettled_ == 0; }
  size_t size() const { return entries_.size(); }
  size_t watches() const { return watches_; }
  // Services whose reads are refused.
  const std::set<std::string>& denied() const { return denied_; }

 private:
  struct Entry {
    Entry(const std::string& name, const FollowRules& rules) : follower(name, rules) {}
    ConsulFollower follower;
    std::unique_ptr<consul::Watch> watch;  // null: it is read in turn
    std::unique_ptr<net::Timer> again;     // to read again though nothing calls for it
    std::optional<Millis> doubt;           // since when it is said to be empty
    bool settled = false;
    std::string warned;
    Millis warned_at{0};
  };

  void Begin(const std::string& name, Entry& entry);
  void Drop(const std::string& name);
  void Promote();
  Status OnReply(const std::string& name, const consul::AgentReply& reply, bool changed);
  void OnFailed(const std::string& name, consul::AgentError error, const std::string& text);
  void OnPolled(const std::string& name, const consul::AgentReply& reply);
  void OnPollFailed(const std::string& name, consul::AgentError error, const std::string& text);
  bool IsRefused(const Entry& entry, consul::AgentError error, const std::string& text) const;
  void Demote(const std::string& name, Entry& entry);
  void Fail(Entry& entry, consul::AgentError error, const std::string& text);
  void Settle(Entry& entry);
  void ReadAgain(Entry& entry);
  void WarnOfSkipped(Entry& entry);
  void Tell(Entry& entry);

  net::Loop& loop_;
  FollowersOptions options_;
  const ConsulList& list_;
  consul::AgentClient& watch_client_;
  consul::AgentClient& poll_client_;
  SourceSink& sink_;
  Callbacks callbacks_;
  consul::NodeTable nodes_;
  std::set<std::string> wanted_;
  std::map<std::string, std::string> policies_;
  bool telling_ = false;
  size_t watches_ = 0;
  size_t cap_;  // of watches_; lowered when the agent refuses one
  std::optional<Millis> warned_of_cap_;
  size_t unsettled_ = 0;
  std::set<std::string> denied_;
  std::map<std::string, Entry> entries_;
  ConsulPoller poller_;
};

}  // namespace signpost::lb
