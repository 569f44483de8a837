// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/watch.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace signpost::consul {
namespace {

constexpr Millis kFirstBackoff{250};

// Of a reply with a good status that is not believed.
std::string WhyNotBelieved(AgentError error) {
  return error == AgentError::kNoLeader ? "no cluster leader" : "the reply has no index";
}

}  // namespace

Watch::Watch(net::Loop& loop, AgentClient& client, WatchOptions options, Events events)
    : loop_(loop),
      client_(client),
      options_(std::move(options)),
      events_(std::make_shared<const Events>(std::move(events))),
      bucket_(options_.burst, options_.per_second),
      backoff_(kFirstBackoff, options_.max_backoff),
      random_(RandomSeed()),
      timer_(loop, [this] { Send(); }) {
  position_.index = options_.first_index;
  SendAfter(Millis(0));
}

void Watch::Restart(Millis spread) {
  call_.reset();
  position_.index = 0;
  backoff_.Reset();
  SendAfter(Millis(static_cast<int64_t>(random_.Below(static_cast<uint64_t>(spread.count()) + 1))));
}

void Watch::SendAfter(Millis delay) {
  delay = std::max(delay, bucket_.Take(loop_.Now()));
  if (delay > Millis(0)) {
    timer_.Start(delay);
  } else {
    timer_.Stop();
    Send();
  }
}

void Watch::Send() {
  GetRequest request;
  request.path = options_.path;
  request.params = options_.params;
  request.index = position_.index;
  request.wait = options_.wait;
  request.timeout = position_.index > 0 ? BlockingTimeout(options_.wait) : options_.first_timeout;
  call_ = client_.Get(request, [this](AgentReply reply) { OnReply(std::move(reply)); });
}

void Watch::OnReply(AgentReply reply) {
  if (options_.missing_is_empty && reply.error == AgentError::kNotFound && reply.index > 0) {
    reply.error = AgentError::kNone;
    reply.error_text.clear();
  }
  const size_t body_hash = std::hash<std::string_view>{}(reply.body);
  const WatchStep step = NextStep(position_, reply, body_hash, options_.max_last_contact);
  if (step.error != AgentError::kNone) {
    if (reply.error != AgentError::kNone) return Fail(step.error, reply.error_text);
    client_.CountError(step.error);
    return Fail(step.error, WhyNotBelieved(step.error));
  }
  const auto events = events_;
  const Status read = events->on_reply(reply, {step.changed, step.advanced});
  if (events.use_count() == 1) return;
  if (!read.ok()) {
    client_.CountError(AgentError::kBadReply);
    return Fail(AgentError::kBadReply, read.text());
  }
  position_ = step.next;
  failing_ = false;
  backoff_.Reset();
  SendAfter(Millis(0));
}

void Watch::Fail(AgentError error, const std::string& text) {
  failing_ = true;
  position_.index = 0;
  SendAfter(backoff_.Next(random_));
  const auto events = events_;
  events->on_failure(error, text);
}

}  // namespace signpost::consul
