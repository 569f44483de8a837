// Signpost. Apache-2.0; see LICENSE.
// Prepared queries: executed each time they are wanted, for they cannot be watched. On the loop's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/consul/agent_client.h"
#include "common/consul/catalog_json.h"
#include "dnsd/feed/feed_context.h"

namespace signpost::feed {

class PreparedQueries {
 public:
  // `client` asks for definitions; executions go through the context's fetcher.
  PreparedQueries(FeedContext& context, consul::AgentClient& client, std::string agent_datacenter, size_t max_entries)
      : context_(context), client_(client), agent_datacenter_(std::move(agent_datacenter)), max_entries_(max_entries) {}

  // Executes the query unless that is under way: OnService with what it gave (null: no such query) or OnUnavailable.
  void Want(const catalog::Key& key);
  void OnFetched(const catalog::Key& key, const consul::AgentReply& reply);

  // About once a second.
  void Tick();
  void DropIdle(Millis limit);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Millis wanted{0};
    bool busy = false;  // being executed
    bool near = false;  // sorts by distance; known until:
    Millis near_until{0};
    consul::QueryAnswer answer;  // waits for the definition
  };

  void Explain(const catalog::Key& key, Entry& entry);
  void ExplainNext();
  void OnExplained(const consul::AgentReply& reply);
  void MakeRoom();
  void Publish(const catalog::Key& key, Entry& entry);
  void Fail(const catalog::Key& key, Entry& entry);
  void Forget(const std::vector<catalog::Key>& keys);

  FeedContext& context_;
  consul::AgentClient& client_;
  std::string agent_datacenter_;
  size_t max_entries_;
  std::unordered_map<catalog::Key, Entry, KeyHash> entries_;
  std::deque<catalog::Key> to_explain_;  // answers that wait for their definition; the first is being asked for
  std::unique_ptr<consul::AgentClient::Call> explain_;
  std::unordered_set<catalog::Key, KeyHash> refused_;  // there was no room: told to be unavailable, to be forgotten
};

}  // namespace signpost::feed
