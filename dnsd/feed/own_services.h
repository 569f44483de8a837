// Signpost. Apache-2.0; see LICENSE.
// The services of the own datacenter: all names, all instances. Names in use are watched while slots last, the others
// are fetched again when the lists of services, nodes and checks say that something changed. On the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/consul/agent_client.h"
#include "common/net/timer.h"
#include "dnsd/feed/feed_context.h"
#include "dnsd/feed/node_index.h"
#include "dnsd/feed/service_list.h"

namespace signpost::feed {

class OwnServices {
 public:
  explicit OwnServices(FeedContext& context);

  // Before anything else: what an earlier run knew. Announced to the sink; replaced as Consul's replies come in.
  void Restore(const std::vector<std::shared_ptr<const catalog::Service>>& services);

  void Want(const std::string& name);

  // The service list, from its watch or from a consistent read that was `confirmed` by a request sent then. kInvalid if
  // it cannot be read. A list that the ACL guard does not believe changes nothing; nor does one that lacks something
  // while the context distrusts Consul, unless it is confirmed; nor a confirmed one that a newer list has overtaken.
  Status OnServiceList(const consul::AgentReply& reply, std::optional<Millis> confirmed);
  // A fetch of one service is done, or failed.
  void OnFetched(const catalog::Key& key, const consul::AgentReply& reply);
  // The watch of one service brought something. kInvalid if it cannot be read.
  Status OnWatched(const catalog::Key& key, const consul::AgentReply& reply);
  void OnWatchFailed(const catalog::Key& key);

  // Fetches again what is not watched of these (names in lower case, unknown ones are ignored).
  void Refresh(const std::string& name);
  void RefreshOnNode(const std::string& node);
  // Something changed that no list shows: fetches everything again that is not watched, names in use first.
  void RequestSweep();
  std::optional<catalog::Key> NextOfSweep();

  // About once a second.
  void Tick();
  // Forgets that names were in use, `limit` after their last use.
  void DropIdle(Millis limit);

  bool listed() const { return listed_; }  // the first list is in
  bool unconfirmed() const { return unconfirmed_; }
  bool loaded() const { return listed_ && loading_ == 0; }
  size_t known() const { return entries_.size(); }
  size_t pending() const { return loading_; }
  uint64_t sweeps() const { return sweeps_; }
  void Collect(std::vector<std::shared_ptr<const catalog::Service>>& into) const;

 private:
  struct Entry {
    std::shared_ptr<const catalog::Service> service;  // null: only the name is known
    bool loading = false;                             // not fetched since this process began, counted in loading_
    bool waiting = false;                             // a client waits for it
    uint8_t failures = 0;
  };
  using Entries = std::unordered_map<std::string, Entry>;

  catalog::Key KeyOf(const std::string& name) const { return {catalog::Kind::kService, context_.datacenter, name}; }
  Entry& Add(const std::string& name);
  void Remove(const std::string& name);
  void WantEarly(const std::string& name);
  void Settled(uint64_t index, std::optional<Millis> confirmed);
  void TakeList(ServiceList list, size_t hash, bool has_consul);
  bool Lacks(const ServiceList& list) const;
  void ApplyFirstList();
  void ApplyDiff(const ServiceList& before);
  void AskDoubtfulAgain();
  Status Apply(const std::string& name, const consul::AgentReply& reply);
  void ApplyEmpty(const std::string& name, Entry& entry);
  void Publish(const std::string& name, Entry& entry, std::vector<consul::ServiceInstance> instances);
  void Settle(Entry& entry);
  void Unavailable(const std::string& name);
  void RefreshInUse();
  std::optional<catalog::Key> NextInUse();

  FeedContext& context_;
  Entries entries_;
  NodeIndex node_index_;
  std::shared_ptr<const ServiceList> list_;  // null until the first one
  std::optional<size_t> list_hash_;          // of the body it came in
  bool listed_ = false;                      // list_ came from Consul in this run
  bool list_has_consul_ = false;
  uint64_t list_index_ = 0;
  Millis list_at_{0};         // when it came
  bool unconfirmed_ = false;  // a list that lacks something waits for a consistent read
  Millis unconfirmed_at_{0};
  size_t loading_ = 0;
  std::unordered_map<std::string, Millis> in_use_;  // when last
  std::unordered_set<std::string> early_;           // wanted before the first list
  std::map<std::string, int> doubtful_;             // names with an empty reply that is not believed yet, and tries

  std::shared_ptr<const ServiceList> sweep_;  // the list being swept; null = none
  size_t sweep_at_ = 0;
  bool sweep_again_ = false;
  uint64_t sweeps_ = 0;
  std::vector<std::string> in_use_sweep_;  // what is left of those in use
  uint64_t swept_ = 0;
  net::Timer in_use_pause_;
  bool in_use_again_ = false;
};

}  // namespace signpost::feed
