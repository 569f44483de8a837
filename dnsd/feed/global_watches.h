// Signpost. Apache-2.0; see LICENSE.
// The three blocking queries that cover the whole datacenter: service names, nodes, checks that do not pass. On the
// loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "common/consul/watch.h"
#include "dnsd/feed/check_list.h"
#include "dnsd/feed/feed_context.h"
#include "dnsd/feed/freshness.h"
#include "dnsd/feed/node_list.h"

namespace signpost::feed {

struct GlobalWatchesOptions {
  Millis wait{60000};
  std::string agent_datacenter;  // see RequestFor
};

class GlobalWatches {
 public:
  struct Callbacks {
    // `advanced`: something was written since the last reply, visible in the list or not.
    std::function<Status(const consul::AgentReply&, bool advanced)> on_services;
    std::function<void(const NodeList::Change&)> on_node;
    std::function<void(const Affected&)> on_checks;
    // Each exchange of kServices, kNodes or kHealth. `text` says why it failed.
    std::function<void(FreshnessTracker::Part, bool good, const std::string& text)> on_result;
  };

  GlobalWatches(FeedContext& context, consul::AgentClient& client, const GlobalWatchesOptions& options,
                Callbacks callbacks);

  // Before the first reply: what an earlier run knew of the nodes.
  void Restore(const std::vector<NodePointer>& nodes);
  // The context does not distrust Consul any more.
  void Settled();
  // Asks for everything again, soon.
  void Restart();

  const NodeList& nodes() const { return nodes_; }
  bool nodes_known() const { return nodes_known_; }  // from Consul, in this run
  // The highest index of the three.
  uint64_t index() const;

 private:
  using Handler = Status (GlobalWatches::*)(const consul::AgentReply&, consul::Watch::News);

  void Begin(FreshnessTracker::Part part, consul::AgentClient& client, consul::WatchOptions options, Handler handler);
  Status OnServices(const consul::AgentReply& reply, consul::Watch::News news);
  Status OnNodes(const consul::AgentReply& reply, consul::Watch::News news);
  Status OnChecks(const consul::AgentReply& reply, consul::Watch::News news);

  FeedContext& context_;
  Callbacks callbacks_;
  NodeList nodes_;
  bool nodes_known_ = false;
  bool nodes_waiting_ = false;  // a node list came that lacks something while Consul was distrusted
  bool nodes_asked_again_ = false;
  CheckList checks_;
  std::array<uint64_t, 3> indexes_{};
  std::array<std::unique_ptr<consul::Watch>, 3> watches_;
};

}  // namespace signpost::feed
