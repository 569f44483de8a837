// Signpost. Apache-2.0; see LICENSE.
// Choosing, connecting, and what follows from a failed attempt.
#include <algorithm>
#include <utility>

#include "lb/session/exchange.h"
#include "lb/wire/proxy_header.h"

namespace signpost::lb {
namespace {

constexpr size_t kMostAttempts = 64;  // attempts that fail at once nest

Termination TerminationOf(AttemptFailure failure) {
  switch (failure) {
    case AttemptFailure::kConnect:
    case AttemptFailure::kLimit:
      return Termination::kConnectFailed;
    case AttemptFailure::kTimeout:
      return Termination::kUpstreamTimeout;
    case AttemptFailure::kInvalidHeader:
      return Termination::kUpstreamMalformed;
    case AttemptFailure::kStale:
    case AttemptFailure::kError:
    case AttemptFailure::kStatus:
      break;
  }
  return Termination::kUpstreamReset;
}

}  // namespace

// Goes before the head, and again with each attempt; such connections are not shared.
void Exchange::WriteProxyHeader() {
  send_proxy_ = pool_->settings->send_proxy;
  if (send_proxy_ == ProxyHeader::kNone) return;
  const net::SocketAddress to = client_.destination.empty() ? client_.socket->Local() : client_.destination;
  buffer_.head() += send_proxy_ == ProxyHeader::kV1 ? ProxyHeaderV1(client_.peer, to) : ProxyHeaderV2(client_.peer, to);
}

// The newest pool of this service, or null when it is known no more: the slot may have gone to another one.
Balancer* Exchange::FindBalancer() {
  Balancer* const balancer = context_.BalancerOf(slot_);
  if (balancer == nullptr || balancer->pool()->state != pool_->state) return nullptr;
  pool_ = balancer->pool();
  return balancer;
}

Pick Exchange::Ask(Balancer& balancer, std::span<const int> lines) {
  PickRequest wanted;
  wanted.now = NowMillis();
  wanted.hash = keys_.hash;
  wanted.sticky = keys_.sticky;
  wanted.version_key = keys_.version_key;
  wanted.version = version_;
  wanted.tried = tried_;
  wanted.waited = wait_;
  wanted.lines = lines;
  Pick pick = balancer.Choose(wanted);
  wait_.reset();
  if (pick.kind == PickKind::kBusy) {
    wait_ = pick.wait;
    WaitIn(pick.wait.line);
  }
  return pick;
}

void Exchange::Choose() {
  phase_ = Phase::kChoosing;
  body_blocked_ = true;
  Balancer* const balancer = FindBalancer();
  if (balancer == nullptr) return Answer(503, Termination::kNoEndpoint);
  wait_.reset();
  Pick pick = Ask(*balancer, context_.WaitingLines(slot_));
  if (pick.kind == PickKind::kBusy) return Enqueue();
  TakePick(std::move(pick));
}

void Exchange::Enqueue() {
  const ServiceSettings& settings = *pool_->settings;
  if (context_.QueueOf(slot_, pool_->state).Enter(*this, settings.queue, settings.queue_timeout)) return;
  Answer(503, Termination::kQueueFull);
}

bool Exchange::TryAgain() {
  Balancer* const balancer = FindBalancer();
  if (balancer == nullptr) {
    Answer(503, Termination::kNoEndpoint);
    return true;
  }
  Pick pick = Ask(*balancer);
  if (pick.kind == PickKind::kBusy) return false;
  TakePick(std::move(pick));
  return true;
}

void Exchange::OnQueueTimeout() { Answer(503, Termination::kQueueTimeout); }

bool Exchange::AsksForUnknownVersion() const {
  const std::vector<std::string>& known = pool_->versions;
  return !version_.empty() && std::find(known.begin(), known.end(), version_) == known.end();
}

void Exchange::TakePick(Pick pick) {
  if (pick.kind != PickKind::kPicked) {
    if (attempt_ > 0 && failed_status_ != 0) return Answer(failed_status_, failed_as_);
    return Answer(AsksForUnknownVersion() ? 404 : 503, Termination::kNoEndpoint);
  }
  if (pick.spilled) pool_->state->spills.fetch_add(1, std::memory_order_relaxed);
  if (pick.panic) pool_->state->panics.fetch_add(1, std::memory_order_relaxed);
  use_ = std::move(pick.use);
  sticky_ = pick.member->sticky;
  version_index_ = pick.member->version;
  set_sticky_ = pick.set_sticky;
  use_->counters.requests.fetch_add(1, std::memory_order_relaxed);
  if (record_) {
    log_.endpoint = use_->name();
    log_.version = version_index_ < pool_->versions.size() ? pool_->versions[version_index_] : std::string();
  }
  Connect(false);
}

void Exchange::Connect(bool fresh) {
  ++attempt_;
  interims_ = 0;
  attempt_began_ = context_.reactor.Now();
  connect_took_ = upstream_took_ = Nanos(-1);
  sent_at_ = Nanos(0);
  reusable_ = true;
  if (!fresh && send_proxy_ == ProxyHeader::kNone) upstream_ = context_.idle.Take(*use_.get());
  pooled_ = upstream_ != nullptr;
  if (pooled_) {
    ++upstream_->requests;
    upstream_->socket->SetOwner(*this);
    phase_ = Phase::kSending;
    BeginBodyPeriod();
    PumpRequest();
    return;
  }
  phase_ = Phase::kConnecting;
  auto socket = net::StreamSocket::Connect(context_.reactor, use_->address(), *this);
  if (!socket.ok()) {
    const bool ours = socket.status().kind() == ErrorKind::kLimit;
    return AttemptFailed(ours ? AttemptFailure::kLimit : AttemptFailure::kConnect);
  }
  upstream_ = std::make_unique<UpstreamConnection>();
  upstream_->socket = std::move(socket).value();
  upstream_->endpoint = use_.get();
  upstream_->requests = 1;
  context_.reactor.Arm(upstream_deadline_, pool_->settings->connect_timeout);
}

bool Exchange::FinishConnect() {
  switch (upstream_->socket->connect_state()) {
    case net::ConnectState::kPending:
      return false;
    case net::ConnectState::kFailed:
      AttemptFailed(AttemptFailure::kConnect);
      return false;
    case net::ConnectState::kConnected:
      break;
  }
  upstream_deadline_.Cancel();
  use_->counters.connects.fetch_add(1, std::memory_order_relaxed);
  connect_took_ = context_.reactor.Now() - attempt_began_;
  phase_ = Phase::kSending;
  BeginBodyPeriod();
  return true;
}

AttemptFacts Exchange::Facts(AttemptFailure failure) const {
  AttemptFacts facts;
  facts.failure = failure;
  facts.attempt = attempt_;
  facts.request_sent = buffer_.started();
  facts.body_lost = buffer_.lost();
  facts.answer_begun = answer_begun_;
  facts.method = method_;
  facts.elapsed = std::chrono::duration_cast<Millis>(context_.reactor.Now() - began_);
  facts.endpoints = static_cast<uint32_t>(std::min(pool_->members.size(), kMostAttempts));
  facts.stale_used = stale_used_;
  return facts;
}

RetryStep Exchange::Affordable(RetryStep step) {
  if (step != RetryStep::kElsewhere) return step;
  if (context_.BudgetOf(slot_).TryRetry(NowMillis(), pool_->settings->retry_budget)) return step;
  pool_->state->budget_exhausted.fetch_add(1, std::memory_order_relaxed);
  return RetryStep::kGiveUp;
}

// Before a complete head of an answer. Ends this attempt, and perhaps the exchange.
void Exchange::AttemptFailed(AttemptFailure failure) {
  const AttemptFacts facts = Facts(failure);
  const ServiceSettings& settings = *pool_->settings;
  const Outcome outcome = CountsAsFailure(facts, settings.retry_on) ? Outcome::kFailure : Outcome::kNeutral;
  failed_status_ = FinalStatus(failure);
  failed_as_ = TerminationOf(failure);
  const RetryStep step = Affordable(NextStep(facts, settings));
  if (step != RetryStep::kGiveUp) return Retry(step, outcome);
  LeaveEndpoint(outcome);
  Answer(failed_status_, failed_as_);
}

// A complete head with a status that the settings list. True: another attempt has begun. The answer at hand is given
// up only for an endpoint that can be asked now.
bool Exchange::RetryStatus(int status) {
  AttemptFacts facts = Facts(AttemptFailure::kStatus);
  facts.status = status;
  const ServiceSettings& settings = *pool_->settings;
  outcome_ = CountsAsFailure(facts, settings.retry_on) ? Outcome::kFailure : Outcome::kSuccess;
  if (Affordable(NextStep(facts, settings)) == RetryStep::kGiveUp) return false;
  std::shared_ptr<const Pool> pool = pool_;  // which FindBalancer may replace
  tried_.push_back(use_.get().get());
  Balancer* const balancer = FindBalancer();
  Pick pick;
  if (balancer != nullptr) pick = Ask(*balancer, context_.WaitingLines(slot_));
  tried_.pop_back();
  wait_.reset();
  if (pick.kind != PickKind::kPicked) {
    pool_ = std::move(pool);
    return false;
  }
  failed_status_ = 502;
  failed_as_ = Termination::kUpstreamReset;
  BeginAgain();
  GoElsewhere(std::exchange(outcome_, Outcome::kSuccess));
  TakePick(std::move(pick));
  return true;
}

void Exchange::Retry(RetryStep step, Outcome outcome) {
  BeginAgain();
  if (step == RetryStep::kFresh) {
    stale_used_ = true;
    return Connect(true);
  }
  GoElsewhere(outcome);
  Choose();
}

void Exchange::BeginAgain() {
  DropUpstream();
  buffer_.Rewind();
  answer_head_.clear();
  answer_scanner_.Reset();
  upload_broken_ = false;
}

void Exchange::GoElsewhere(Outcome outcome) {
  body_blocked_ = true;
  pool_->state->retries.fetch_add(1, std::memory_order_relaxed);
  tried_.push_back(use_.get().get());
  LeaveEndpoint(outcome);
}

void Exchange::LeaveEndpoint(Outcome outcome) {
  if (!use_) return;
  const ServiceSettings& settings = *pool_->settings;
  use_->Report(settings, outcome, NowMillis());
  EndpointCounters& counters = use_->counters;
  if (outcome == Outcome::kFailure) counters.failures.fetch_add(1, std::memory_order_relaxed);
  counters.bytes_in.fetch_add(std::exchange(from_endpoint_, 0), std::memory_order_relaxed);
  counters.bytes_out.fetch_add(std::exchange(to_endpoint_, 0), std::memory_order_relaxed);
  drain_deadline_.Cancel();
  use_.Reset();
  if (settings.max_conns > 0) context_.SlotFreed(slot_);
}

// Not for another request. What was broken off is reset, so that the endpoint need not find out by writing.
void Exchange::DropUpstream() {
  upstream_deadline_.Cancel();
  if (!upstream_) return;
  if (phase_ < Phase::kFlushing) upstream_->socket->ResetOnClose();
  upstream_.reset();
}

void Exchange::OnUpstreamDeadline() {
  if (phase_ == Phase::kConnecting) return AttemptFailed(AttemptFailure::kConnect);
  if (phase_ == Phase::kSending) {
    // Neither sent the body nor asked for it: nothing that the client could not bring about.
    if (expect_ && buffer_.unsent().empty()) return Answer(504, Termination::kUpstreamTimeout);
    return AttemptFailed(AttemptFailure::kTimeout);
  }
  // Or a slow client holds the answer up: its own deadline is running.
  if (!WaitsForAnswer() || !pending_.empty()) return;
  if (phase_ == Phase::kWaiting) return AttemptFailed(AttemptFailure::kTimeout);
  Truncated(Termination::kUpstreamTimeout);
}

void Exchange::OnDrainDeadline() {
  if (use_->removed() != drained_since_) return;  // it came back
  if (phase_ < Phase::kRelaying) return Answer(503, Termination::kDrained);
  termination_ = Termination::kDrained;
  Finish(phase_ == Phase::kTunnel ? ExchangeEnd::kGone : ExchangeEnd::kAbort);
}

}  // namespace signpost::lb
