// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_poller.h"

#include <algorithm>
#include <utility>

#include "common/consul/agent_url.h"

namespace signpost::lb {

using consul::AgentError;

ConsulPoller::ConsulPoller(net::Loop& loop, consul::AgentClient& client, Options options, Callbacks callbacks)
    : client_(client), options_(options), callbacks_(std::move(callbacks)), timer_(loop, [this] { Resume(); }) {}

void ConsulPoller::Add(const std::string& name) {
  if (names_.insert(name).second) Hurry(name);
}

void ConsulPoller::Remove(const std::string& name) {
  names_.erase(name);
  if (urgent_names_.erase(name) > 0) std::erase(urgent_, name);
}

void ConsulPoller::Hurry(const std::string& name) {
  if (!names_.contains(name) || !urgent_names_.insert(name).second) return;
  urgent_.push_back(name);
  if (!timer_.running()) timer_.Start(Millis(0));
}

// What is urgent, else the next by name. "" when there is nothing.
std::string ConsulPoller::Next() {
  if (!urgent_.empty()) {
    std::string name = std::move(urgent_.front());
    urgent_.pop_front();
    urgent_names_.erase(name);
    return name;
  }
  if (names_.empty()) return {};
  auto at = names_.upper_bound(last_);
  if (at == names_.end()) at = names_.begin();
  return last_ = *at;
}

void ConsulPoller::Resume() {
  paused_ = false;
  Pump();
}

void ConsulPoller::Pump() {
  while (calls_.size() < options_.in_flight) {
    const bool urgent = !urgent_.empty();
    const std::string name = Next();
    if (name.empty()) return;
    if (!calls_.contains(name)) Send(name);
    if (!urgent) break;
  }
  timer_.Start(options_.pace);
}

void ConsulPoller::Send(const std::string& name) {
  consul::GetRequest request;
  request.path = "/v1/health/service/" + consul::EncodeSegment(name);
  calls_[name] = client_.Get(request, [this, name](consul::AgentReply reply) { OnReply(name, std::move(reply)); });
}

void ConsulPoller::OnReply(const std::string& name_of_call, consul::AgentReply reply) {
  const auto call = calls_.extract(name_of_call);
  const std::string& name = call.key();
  if (reply.error == AgentError::kNone && !reply.known_leader) {
    reply.error = AgentError::kNoLeader;
    reply.error_text = "no cluster leader";
    client_.CountError(reply.error);
  }
  if (reply.error != AgentError::kNone) {
    const bool only_this = reply.error == AgentError::kDenied || reply.error == AgentError::kNotFound ||
                           reply.error == AgentError::kBadReply;
    if (!only_this) {
      paused_ = true;
      timer_.Start(options_.pause);
    }
    if (names_.contains(name)) callbacks_.on_failure(name, reply.error, reply.error_text);
  } else if (names_.contains(name)) {
    callbacks_.on_reply(name, reply);
  }
  if (!paused_ && !urgent_.empty()) Pump();
}

}  // namespace signpost::lb
