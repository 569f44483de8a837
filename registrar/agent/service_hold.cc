// Signpost. Apache-2.0; see LICENSE.
#include "registrar/agent/service_hold.h"

#include <algorithm>
#include <utility>

#include "common/consul/duration.h"

namespace signpost::registrar {
namespace {

// An agent whose replies come at once, and a service that changes all the time, must not make a busy loop.
constexpr double kBurst = 4;
constexpr double kPerSecond = 4;

}  // namespace

ServiceHold::ServiceHold(net::Loop& loop, consul::AgentClient& client, ServiceHoldOptions options,
                         std::function<void(Sign)> on_sign)
    : loop_(loop),
      client_(client),
      options_(options),
      on_sign_(std::move(on_sign)),
      backoff_(options.retry_first, options.retry_cap),
      random_(RandomSeed()),
      bucket_(kBurst, kPerSecond),
      timer_(loop, [this] { Send(); }) {}

void ServiceHold::Set(const std::string& service_id) {
  if (service_id == service_id_) return;
  service_id_ = service_id;
  hash_.clear();
  failing_ = false;
  backoff_.Reset();
  timer_.Stop();
  call_.reset();
  if (!service_id_.empty()) SendAfter(Millis(0));
}

void ServiceHold::Resume() {
  if (failing_ && timer_.running()) SendAfter(Millis(0));
}

// The token is taken when the request is sent: what is planned and dropped costs none.
void ServiceHold::SendAfter(Millis delay) { timer_.Start(std::max(delay, bucket_.WaitTime(loop_.Now()))); }

void ServiceHold::Send() {
  if (!bucket_.TryTake(loop_.Now())) return SendAfter(Millis(0));
  consul::GetRequest request{.path = "/v1/agent/service/" + consul::EncodeSegment(service_id_), .stale = false};
  if (!hash_.empty()) {
    request.params = {{"hash", hash_}, {"wait", consul::DurationText(options_.wait)}};
    request.timeout = options_.wait + options_.wait / 16 + options_.slack;
  }
  call_ = client_.Get(request, [this](const consul::AgentReply& reply) { OnReply(reply); });
}

void ServiceHold::OnReply(const consul::AgentReply& reply) {
  if (reply.error == consul::AgentError::kNone) {
    const bool changed = !hash_.empty() && reply.content_hash != hash_;
    hash_ = reply.content_hash;
    failing_ = false;
    backoff_.Reset();
    // Without a hash there is nothing to hold; perhaps a later version of the agent sends one.
    SendAfter(hash_.empty() ? options_.wait : Millis(0));
    if (changed) on_sign_(Sign::kAnswered);
    return;
  }
  hash_.clear();
  SendAfter(backoff_.Next(random_));
  if (!std::exchange(failing_, true)) on_sign_(reply.status == 0 ? Sign::kBroken : Sign::kAnswered);
}

}  // namespace signpost::registrar
