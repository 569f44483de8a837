// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/list_confirmer.h"

#include <utility>

namespace signpost::feed {
namespace {

constexpr Millis kTimeout{60000};  // of a list of many megabytes, read by a busy leader

}  // namespace

void ListConfirmer::Request(const std::string& datacenter, Doubt doubt) {
  Pending& pending = pending_[datacenter];
  if (!pending.call) {
    Send(datacenter, pending);
  } else if (doubt == Doubt::kNew) {
    pending.again = true;
  }
}

void ListConfirmer::Send(const std::string& datacenter, Pending& pending) {
  consul::GetRequest request;
  request.path = "/v1/catalog/services";
  request.stale = false;
  request.timeout = kTimeout;
  request.params.emplace_back("consistent", "");
  if (datacenter != agent_datacenter_) request.params.emplace_back("dc", datacenter);
  pending.sent = loop_.Now();
  pending.call =
      client_.Get(request, [this, datacenter](const consul::AgentReply& reply) { OnReply(datacenter, reply); });
}

// Delivered even if there are newer doubts: where a reply takes long, there always are.
void ListConfirmer::OnReply(const std::string& datacenter, const consul::AgentReply& reply) {
  const auto done = pending_.extract(datacenter);
  if (done.empty() || reply.error != consul::AgentError::kNone || !reply.known_leader) return;
  on_list_(done.key(), reply, done.mapped().sent);
  if (done.mapped().again) Request(done.key(), Doubt::kOld);
}

}  // namespace signpost::feed
