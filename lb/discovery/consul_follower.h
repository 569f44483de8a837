// Signpost. Apache-2.0; see LICENSE.
// One service of the catalog: what replies say of it, what of that is believed, what the sink is to be told. Pure:
// whoever reads Consul hands in each reply with the time.
#pragma once

#include <string>
#include <vector>

#include "common/consul/agent_client.h"
#include "common/consul/node_table.h"
#include "lb/discovery/loss_guard.h"
#include "lb/discovery/source.h"

namespace signpost::lb {

struct FollowRules {
  LossRules loss;
  bool use_warning = true;
  Millis max_last_contact{10000};
};

class ConsulFollower {
 public:
  ConsulFollower(std::string name, const FollowRules& rules);

  // A good reply of /v1/health/service/NAME. kInvalid: it cannot be read, and nothing has changed. An empty one is
  // believed only if `believe_empty`: the list of services shows that the token has its rights.
  Status Read(const consul::AgentReply& reply, consul::NodeTable& nodes, Millis now, bool believe_empty = true);
  void Failed(const std::string& reason, Millis now);
  struct Listing {
    bool listed = false;            // the list of services has it
    bool wanted = false;            // by name, in whatever letter case it is registered
    std::vector<std::string> tags;  // of the list (FoldTag)
  };
  void SetListed(Listing listing);
  void SetPolicy(const std::string& policy);

  const std::string& name() const { return name_; }
  // What the sink is to be told, once: null when it was told already or nothing is known yet.
  DiscoveredServicePtr TakeNews();
  bool known() const { return guard_.known(); }
  bool listed() const { return listed_; }
  // Nobody registers it any more, by the list and by its own replies.
  bool gone() const { return !listed_ && guard_.known() && guard_.state() == ServiceState::kEmpty; }
  // Whether an unchanged reply is worth reading.
  bool doubtful() const { return !guard_.known() || guard_.state() == ServiceState::kHeld; }
  // The last reply was empty, and that is not believed yet.
  bool empty_in_doubt() const { return empty_in_doubt_; }
  // When to read again though nothing calls for it; 0 = no need.
  Millis again() const { return again_; }
  // Why instances were left out, one line; "" = none was.
  const std::string& skipped() const { return skipped_; }

 private:
  void ReadEmpty(Millis now, bool believe_empty);
  DiscoveredService Describe() const;

  std::string name_;
  const FollowRules& rules_;
  LossGuard guard_;
  bool listed_ = false;
  bool exact_ = true;
  std::vector<std::string> tags_;
  uint64_t create_index_ = 0;
  std::string policy_;
  std::string skipped_;
  bool empty_in_doubt_ = false;
  Millis again_{0};
  DiscoveredServicePtr told_;
};

}  // namespace signpost::lb
