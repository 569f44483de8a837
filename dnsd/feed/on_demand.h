// Signpost. Apache-2.0; see LICENSE.
// What is learnt only when a client asks for it: services and nodes of other datacenters, proxies (connect) and ingress
// gateways of a service. Watched while in use and slots last, else fetched again every few seconds, at the sweep's
// rate. What could not be fetched is remembered too, for the sink has to be told to forget it. On the loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/consul/agent_client.h"
#include "dnsd/feed/feed_context.h"
#include "dnsd/feed/service_list.h"

namespace signpost::feed {

class OnDemand {
 public:
  // Above `max_entries` the least recently wanted tenth is forgotten.
  OnDemand(FeedContext& context, size_t max_entries) : context_(context), max_entries_(max_entries) {}

  // What an earlier run knew; announced to the sink. Counts as wanted now.
  void Restore(const std::shared_ptr<const catalog::Service>& service);
  void Restore(const catalog::Key& key, const std::shared_ptr<const consul::Node>& node);

  void Want(const catalog::Key& key);
  void OnFetched(const catalog::Key& key, const consul::AgentReply& reply);
  Status OnWatched(const catalog::Key& key, const consul::AgentReply& reply);
  void OnWatchFailed(const catalog::Key& key) { Fail(key); }

  // The list of a datacenter's services came, as asked for by FeedContext::confirm, and the ACL guard believes it:
  // empty replies from there that came before it was `sent` for may be believed now.
  void OnConfirmed(const std::string& datacenter, const ServiceList& list, Millis sent);

  // About once a second.
  void Tick();
  // The next of those in use without a watch that were not fetched for some time.
  std::optional<catalog::Key> NextOfSweep();
  // Forgets what was not wanted for `limit`.
  void DropIdle(Millis limit);

  size_t size() const { return entries_.size(); }
  void Collect(std::vector<std::shared_ptr<const catalog::Service>>& services,
               std::vector<std::shared_ptr<const consul::Node>>& nodes) const;

 private:
  struct Entry {
    std::shared_ptr<const catalog::Service> service;
    std::shared_ptr<const consul::Node> node;  // Kind::kNode
    Millis wanted{0};
    Millis fetched{0};
    bool absent = false;   // known not to exist
    bool waiting = false;  // a client waits for it
    int doubts = 0;        // empty replies not believed yet
    Millis doubted{0};     // when the first of them came
    int failures = 0;      // of fetches, since the last success

    bool has_data() const { return service || node; }
  };
  using Entries = std::unordered_map<catalog::Key, Entry, KeyHash>;

  Status Apply(const catalog::Key& key, const consul::AgentReply& reply);
  bool Translated(const catalog::Key& key, const consul::AgentReply& reply) const;
  Status ApplyNode(const catalog::Key& key, Entry& entry, const consul::AgentReply& reply);
  Status ApplyService(const catalog::Key& key, Entry& entry, const consul::AgentReply& reply);
  void ApplyEmpty(const catalog::Key& key, Entry& entry);
  void Answer(const catalog::Key& key, const Entry& entry);
  void BecomeAbsent(const catalog::Key& key, Entry& entry);
  void Fail(const catalog::Key& key);
  Millis RefetchAfter(const Entry& entry) const;
  void FindDue();
  void MakeRoom();
  void Forget(const std::vector<catalog::Key>& keys);

  FeedContext& context_;
  size_t max_entries_;
  Entries entries_;
  std::set<catalog::Key> doubtful_;  // those with doubts
  std::vector<catalog::Key> due_;    // to be fetched by the sweep
  Millis looked_{0};                 // for them, when last
};

}  // namespace signpost::feed
