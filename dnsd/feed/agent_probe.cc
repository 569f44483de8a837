// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/agent_probe.h"

#include <utility>

#include "common/consul/catalog_json.h"
#include "dnsd/feed/keys.h"

namespace signpost::feed {
namespace {

using consul::AgentError;

constexpr Millis kFirstRetry{250};
constexpr Millis kMaxRetry{1000};

}  // namespace

AgentProbe::AgentProbe(net::Loop& loop, consul::AgentClient& client, AgentProbeOptions options, Callbacks callbacks)
    : loop_(loop),
      client_(client),
      options_(options),
      callbacks_(std::move(callbacks)),
      learning_(options.learn_datacenter),
      random_(RandomSeed()),
      backoff_(kFirstRetry, kMaxRetry),
      timer_(loop, [this] { Probe(); }) {
  StartTimer(Millis(0));
}

void AgentProbe::Hurry() {
  if (!lost_ && timer_.running() && loop_.Now() + kFirstRetry < due_) StartTimer(kFirstRetry);
}

void AgentProbe::StartTimer(Millis delay) {
  due_ = loop_.Now() + delay;
  timer_.Start(delay);
}

void AgentProbe::Probe() {
  if (learning_ && !self_denied_) return AskSelf();
  consul::GetRequest request;
  request.path = "/v1/catalog/datacenters";
  request.timeout = options_.timeout;
  request.stale = false;
  call_ = client_.Get(request, [this](const consul::AgentReply& reply) { OnList(reply); });
}

void AgentProbe::AskSelf() {
  consul::GetRequest request;
  request.path = "/v1/agent/self";
  request.timeout = options_.timeout;
  request.stale = false;
  call_ = client_.Get(request, [this](const consul::AgentReply& reply) { OnSelf(reply); });
}

void AgentProbe::OnSelf(const consul::AgentReply& reply) {
  if (reply.error == AgentError::kNone) {
    const auto datacenter = consul::ReadAgentDatacenter(reply.body);
    if (datacenter.ok()) {
      learning_ = false;
      callbacks_.on_own_datacenter(datacenter.value());
      return Probe();
    }
  }
  // A token without agent:read: the list of datacenters, which needs no right, has the own one in front.
  if (reply.error == AgentError::kDenied) {
    self_denied_ = true;
    return Probe();
  }
  Contact(reply);
  Again(true);
}

void AgentProbe::OnList(const consul::AgentReply& reply) {
  std::vector<std::string> names;
  if (reply.error == AgentError::kNone) {
    const auto read = consul::ReadDatacenters(reply.body);
    if (!read.ok()) client_.CountError(AgentError::kBadReply);
    if (read.ok()) {
      for (const std::string& name : read.value()) names.push_back(Lower(name));
    }
  }
  if (learning_ && !names.empty()) {
    learning_ = false;
    callbacks_.on_own_datacenter(names.front());
  }
  Contact(reply);
  const bool failed = names.empty();
  if (!failed) callbacks_.on_datacenters(std::move(names));
  Again(failed);
}

// Any reply shows that the agent is there, whatever it says.
void AgentProbe::Contact(const consul::AgentReply& reply) {
  const bool reachable = reply.status != 0;
  const bool recovered = std::exchange(lost_, !reachable) && reachable;
  callbacks_.on_contact(reachable, recovered, reply.error_text);
}

void AgentProbe::Again(bool failed) {
  if (failed) return StartTimer(backoff_.Next(random_));
  backoff_.Reset();
  const auto period = static_cast<uint64_t>(options_.period.count());
  StartTimer(Millis(static_cast<int64_t>(period - period / 10 + random_.Below(period / 5 + 1))));
}

}  // namespace signpost::feed
