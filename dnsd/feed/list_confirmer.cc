// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/list_confirmer.h"

#include <utility>

namespace signpost::feed {

void ListConfirmer::Request(const std::string& datacenter) {
  Pending& pending = pending_[datacenter];
  if (pending.call) {
    pending.again = true;
  } else {
    Send(datacenter, pending);
  }
}

void ListConfirmer::Send(const std::string& datacenter, Pending& pending) {
  consul::GetRequest request;
  request.path = "/v1/catalog/services";
  request.stale = false;
  request.params.emplace_back("consistent", "");
  if (datacenter != agent_datacenter_) request.params.emplace_back("dc", datacenter);
  pending.call =
      client_.Get(request, [this, datacenter](const consul::AgentReply& reply) { OnReply(datacenter, reply); });
}

void ListConfirmer::OnReply(const std::string& datacenter, const consul::AgentReply& reply) {
  const auto it = pending_.find(datacenter);
  if (it == pending_.end()) return;
  if (it->second.again) {
    it->second.again = false;
    return Send(it->first, it->second);
  }
  pending_.erase(it);
  if (reply.error == consul::AgentError::kNone && reply.known_leader) on_list_(datacenter, reply);
}

}  // namespace signpost::feed
