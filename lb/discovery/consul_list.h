// Signpost. Apache-2.0; see LICENSE.
// The list of all services, and whether it is to be believed. Consul hides what a token may not see and answers 200: a
// list that is suddenly empty, or has lost the service `consul`, is a lost right and no news. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/consul/agent_client.h"

namespace signpost::lb {

class ConsulList {
 public:
  explicit ConsulList(Millis max_last_contact) : max_last_contact_(max_last_contact) {}

  // A good reply of /v1/catalog/services. kDenied: it is not believed, and the services stay. kInvalid: it cannot be
  // read. A stale reply only adds.
  Status Read(const consul::AgentReply& reply, Millis now);

  // Tags (FoldTag) by name, in the catalog's letters.
  const std::map<std::string, std::vector<std::string>>& services() const { return services_; }
  // The last reply was not believed: no emptiness is, then.
  bool lost() const { return lost_; }
  bool known() const { return known_; }
  // When the last list came that is believed in full.
  Millis good_at() const { return good_at_; }

 private:
  Millis max_last_contact_;
  std::map<std::string, std::vector<std::string>> services_;
  bool consul_seen_ = false;
  bool lost_ = false;
  bool known_ = false;
  Millis good_at_{0};
};

}  // namespace signpost::lb
