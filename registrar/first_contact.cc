// Signpost. Apache-2.0; see LICENSE.
#include "registrar/first_contact.h"

#include <utility>

#include "common/base/log.h"

namespace signpost::registrar {

FirstContact::FirstContact(net::Loop& loop, consul::AgentClient& agent, int attempts, Millis pause,
                           std::function<void(Status)> done)
    : agent_(agent), left_(attempts), pause_(pause), done_(std::move(done)), timer_(loop, [this] { Ask(); }) {
  timer_.Start(Millis(0));
}

void FirstContact::Ask() {
  call_ = agent_.Get({.path = "/v1/status/leader", .timeout = Millis(5000)},
                     [this](const consul::AgentReply& reply) { OnReply(reply); });
}

void FirstContact::OnReply(const consul::AgentReply& reply) {
  if (reply.status != 0 || left_ == 0) {
    // `done` may be the last thing that this object does.
    const auto done = std::move(done_);
    const bool answered = reply.status != 0;
    return done(answered ? Status::Ok()
                         : Status::Unavailable("the Consul agent does not answer (" + reply.error_text +
                                               "); start it, give another address, or more --retry-attempts"));
  }
  LogWarn("the Consul agent does not answer yet (" + reply.error_text + "); " + std::to_string(left_) +
          (left_ == 1 ? " try left" : " tries left"));
  --left_;
  timer_.Start(pause_);
}

}  // namespace signpost::registrar
