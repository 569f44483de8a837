// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/tcp_session.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "lb/pool/stable_hash.h"
#include "lb/session/early_bytes.h"
#include "lb/session/sni_routes.h"
#include "lb/session/tcp_story.h"
#include "lb/wire/client_hello.h"
#include "lb/wire/proxy_header.h"

namespace signpost::lb {
namespace {

constexpr Millis kMostDialing{5000};  // for all attempts together (case T08)
constexpr Millis kDialStep{250};      // what is left of it is rounded down, so that few different deadlines are in use

Millis MostDialing(const ServiceSettings& settings) {
  return settings.attempts_timeout > Millis(0) ? std::min(settings.attempts_timeout, kMostDialing) : kMostDialing;
}

class TcpSession final : public Session, private net::SocketOwner, private net::DeadlineOwner, public Relay::Owner {
 public:
  TcpSession(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer);
  // May destroy it.
  void Start(const ListenerPlan& plan);

  void OnDrain() override {}
  void OnEndpointsRemoved() override;
  void Kill(Termination termination) override;
  void OnRelayEnd(RelayEnd end) override;

 private:
  enum class Phase : unsigned char { kProxyHeader, kHello, kDial, kRelay };

  // What is needed until an endpoint is connected.
  struct Opening final : Waiter {
    explicit Opening(TcpSession& session_in) : session(session_in) {}
    bool TryAgain() override { return session.Dial({}); }
    void OnQueueTimeout() override { session.Refuse(Termination::kQueueTimeout); }

    TcpSession& session;
    std::unique_ptr<net::StreamSocket> client;
    std::unique_ptr<net::StreamSocket> server;
    EarlyBytes early;  // less its PROXY header
    bool sni = false;
    net::SocketAddress listener;
    net::SocketAddress destination;    // by the PROXY header; empty = the client's socket tells
    std::shared_ptr<PoolState> state;  // of the service: the slot may go to another one
    std::shared_ptr<const ServiceSettings> settings;
    std::vector<std::shared_ptr<Endpoint>> failed;
    std::vector<const Endpoint*> tried;  // the same
    std::optional<Wait> wait;
    uint32_t attempts = 0;
    Nanos first_attempt{0};
    Nanos attempt{0};
  };

  ~TcpSession() override = default;
  void OnReady(net::StreamSocket& socket) override;
  void OnDeadline(net::Deadline& deadline) override;

  // Each of these may destroy the session, and is the last thing its caller does.
  void ReadProxyHeader();
  void AfterProxyHeader();
  void ReadHello();
  bool Dial(std::span<const int> lines);
  void DialOn();
  void OnServerReady();
  void BeginRelay();
  void Refuse(Termination termination);  // with RST
  void Finish(Termination termination);

  // Those do not.
  bool OutOfAttempts() const;
  void UseSlot(uint32_t slot);
  Balancer* FindBalancer();
  Pick Choose(Balancer& balancer, std::span<const int> lines);
  bool Connect(Pick pick, const Pool& pool);
  void AttemptFailed(Outcome outcome = Outcome::kFailure);
  void Record(Termination termination, uint64_t received, uint64_t sent);
  Nanos Now() const { return context_.reactor.Now(); }
  Millis NowMillis() const { return std::chrono::duration_cast<Millis>(Now()); }

  SessionContext& context_;
  std::unique_ptr<Opening> opening_;  // until there is a relay
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<TcpStory> story_;  // null = no access log
  EndpointUse use_;
  net::SocketAddress client_;  // by the PROXY header where there is one
  const Nanos began_;
  Millis drain_{0};
  Millis drained_since_{0};  // the removal that armed deadline_
  uint32_t slot_ = 0;
  uint32_t early_size_ = 0;
  Phase phase_ = Phase::kDial;
  net::Deadline deadline_{*this};  // of the phase; with a relay, of a removed endpoint
};

TcpSession::TcpSession(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer)
    : context_(context), opening_(std::make_unique<Opening>(*this)), client_(peer), began_(context.reactor.Now()) {
  opening_->client = net::StreamSocket::Adopt(context.reactor, std::move(fd), *this);
  context.sessions.Add(*this);
  context.counters.tcp_sessions.Add();
}

void TcpSession::Start(const ListenerPlan& plan) {
  UseSlot(plan.slot);
  opening_->sni = plan.kind == ListenerKind::kSni;
  if (opening_->sni) opening_->listener = plan.address;
  if (context_.access != nullptr && context_.rules->access_log) {
    story_ = std::make_unique<TcpStory>();
    story_->service = plan.service;
  }
  if (!plan.accept_proxy) return AfterProxyHeader();
  phase_ = Phase::kProxyHeader;
  context_.reactor.Arm(deadline_, context_.rules->proxy_timeout);
}

void TcpSession::OnReady(net::StreamSocket& socket) {
  if (&socket == opening_->server.get()) return OnServerReady();
  if (!opening_->early.Read(context_.reactor, *opening_->client)) return Refuse(Termination::kClientAbort);
  if (phase_ == Phase::kProxyHeader) return ReadProxyHeader();
  if (phase_ == Phase::kHello) return ReadHello();
}

void TcpSession::OnDeadline(net::Deadline& /*deadline*/) {
  switch (phase_) {
    case Phase::kProxyHeader:
      context_.counters.proxy_header_errors.Add();
      [[fallthrough]];
    case Phase::kHello:
      return Finish(Termination::kClientTimeout);
    case Phase::kDial:
      AttemptFailed();
      return DialOn();
    case Phase::kRelay:
      if (use_->removed() == drained_since_) return Kill(Termination::kDrained);
  }
}

void TcpSession::ReadProxyHeader() {
  Opening& opening = *opening_;
  const ProxyHeaderResult header = ParseProxyHeader(opening.early.bytes);
  if (header.kind == ProxyHeaderResult::Kind::kMore && !opening.early.ended) return;
  if (header.kind != ProxyHeaderResult::Kind::kDone) {
    context_.counters.proxy_header_errors.Add();
    return Finish(Termination::kBadRequest);
  }
  if (header.has_addresses) {
    client_ = header.source;
    opening.destination = header.destination;
  }
  opening.early.bytes.erase(opening.early.bytes.begin(),
                            opening.early.bytes.begin() + static_cast<ptrdiff_t>(header.size));
  AfterProxyHeader();
}

void TcpSession::AfterProxyHeader() {
  if (opening_->sni) {
    phase_ = Phase::kHello;
    context_.reactor.Arm(deadline_, context_.rules->sni_timeout);
    if (!opening_->early.bytes.empty() || opening_->early.ended) ReadHello();
    return;
  }
  DialOn();
}

void TcpSession::ReadHello() {
  Opening& opening = *opening_;
  const ClientHelloResult hello = ParseClientHello(opening.early.bytes);
  if (hello.kind == ClientHelloResult::Kind::kMore && !opening.early.ended) return;
  const SniRoute* route = nullptr;
  if (context_.routes) route = FindSniRoute(*context_.routes, opening.listener, hello.server_name);
  if (route == nullptr) {
    context_.counters.no_route.Add();
    return Finish(Termination::kNoRoute);
  }
  UseSlot(route->slot);
  DialOn();
}

void TcpSession::DialOn() {
  phase_ = Phase::kDial;
  deadline_.Cancel();
  if (Dial(context_.WaitingLines(slot_))) return;
  const Pool& pool = *context_.BalancerOf(slot_)->pool();
  WaitQueue& queue = context_.QueueOf(slot_, pool.state);
  if (!queue.Enter(*opening_, pool.settings->queue, pool.settings->queue_timeout)) Refuse(Termination::kQueueFull);
}

void TcpSession::UseSlot(uint32_t slot) {
  slot_ = slot;
  const Balancer* const balancer = context_.BalancerOf(slot);
  opening_->state = balancer != nullptr ? balancer->pool()->state : nullptr;
}

// Null when the service is known no more.
Balancer* TcpSession::FindBalancer() {
  Balancer* const balancer = context_.BalancerOf(slot_);
  return balancer != nullptr && balancer->pool()->state == opening_->state ? balancer : nullptr;
}

// False when all endpoints are at max_conns. Otherwise an attempt is under way, or the session is over.
bool TcpSession::Dial(std::span<const int> lines) {
  for (;;) {
    if (OutOfAttempts()) return Refuse(Termination::kConnectFailed), true;
    Balancer* const balancer = FindBalancer();
    if (balancer == nullptr) return Refuse(Termination::kNoEndpoint), true;
    Pick pick = Choose(*balancer, lines);
    if (pick.kind == PickKind::kBusy) {
      opening_->WaitIn(pick.wait.line);
      opening_->wait = pick.wait;
      return false;
    }
    if (pick.kind != PickKind::kPicked) {
      return Refuse(opening_->attempts > 0 ? Termination::kConnectFailed : Termination::kNoEndpoint), true;
    }
    if (Connect(std::move(pick), *balancer->pool())) return true;
  }
}

bool TcpSession::OutOfAttempts() const {
  const Opening& opening = *opening_;
  if (opening.attempts == 0) return false;
  if (Now() - opening.first_attempt > MostDialing(*opening.settings) - kDialStep) return true;
  return opening.settings->attempts > 0 && opening.attempts >= opening.settings->attempts;
}

Pick TcpSession::Choose(Balancer& balancer, std::span<const int> lines) {
  const std::span<const uint8_t> ip = client_.ip();
  const uint64_t hash = StableHash({reinterpret_cast<const char*>(ip.data()), ip.size()});
  const VersionSplit& split = balancer.pool()->settings->split;
  PickRequest request;
  request.now = NowMillis();
  request.hash = hash;
  if (!split.empty() && split.key != SplitKey::kNone) request.version_key = hash;
  request.tried = opening_->tried;
  request.waited = opening_->wait;
  request.lines = lines;
  return balancer.Choose(request);
}

// False when the attempt failed at once.
bool TcpSession::Connect(Pick pick, const Pool& pool) {
  Opening& opening = *opening_;
  if (opening.attempts == 0) {
    opening.first_attempt = Now();
    pool.state->requests.fetch_add(1, std::memory_order_relaxed);
    if (pick.spilled) pool.state->spills.fetch_add(1, std::memory_order_relaxed);
    if (pick.panic) pool.state->panics.fetch_add(1, std::memory_order_relaxed);
  } else {
    pool.state->retries.fetch_add(1, std::memory_order_relaxed);
  }
  ++opening.attempts;
  opening.attempt = Now();
  opening.wait.reset();
  opening.settings = pool.settings;
  if (story_) story_->Tell(pick, pool);
  use_ = std::move(pick.use);
  use_->counters.requests.fetch_add(1, std::memory_order_relaxed);
  use_->counters.connects.fetch_add(1, std::memory_order_relaxed);
  auto server = net::StreamSocket::Connect(context_.reactor, use_->address(), *this);
  if (!server.ok()) {
    // Out of descriptors is nobody's fault but ours.
    AttemptFailed(server.status().kind() == ErrorKind::kLimit ? Outcome::kNeutral : Outcome::kFailure);
    return false;
  }
  opening.server = std::move(server).value();
  const Millis left =
      MostDialing(*opening.settings) - std::chrono::duration_cast<Millis>(opening.attempt - opening.first_attempt);
  const Millis rounded = left / kDialStep * kDialStep;
  context_.reactor.Arm(deadline_, std::min(opening.settings->connect_timeout, std::max(rounded, kDialStep)));
  return true;
}

void TcpSession::AttemptFailed(Outcome outcome) {
  Opening& opening = *opening_;
  if (outcome == Outcome::kFailure) use_->counters.failures.fetch_add(1, std::memory_order_relaxed);
  use_->Report(*opening.settings, outcome, NowMillis());
  opening.tried.push_back(use_.get().get());
  opening.failed.push_back(use_.get());
  opening.server.reset();
  use_.Reset();
  context_.SlotFreed(slot_);
}

void TcpSession::OnServerReady() {
  switch (opening_->server->connect_state()) {
    case net::ConnectState::kPending:
      return;
    case net::ConnectState::kConnected:
      return BeginRelay();
    case net::ConnectState::kFailed:
      AttemptFailed();
      return DialOn();
  }
}

void TcpSession::BeginRelay() {
  const std::unique_ptr<Opening> opening = std::move(opening_);
  const ServiceSettings& settings = *opening->settings;
  use_->Report(settings, Outcome::kSuccess, NowMillis());
  if (story_) story_->connect = Now() - opening->attempt;
  opening->server->KeepAlive();
  early_size_ = static_cast<uint32_t>(opening->early.bytes.size());
  if (settings.send_proxy != ProxyHeader::kNone) {
    const net::SocketAddress to = opening->destination.empty() ? opening->client->Local() : opening->destination;
    const std::string header =
        settings.send_proxy == ProxyHeader::kV1 ? ProxyHeaderV1(client_, to) : ProxyHeaderV2(client_, to);
    opening->early.bytes.insert(opening->early.bytes.begin(), header.begin(), header.end());
  }
  RelayLimits limits = context_.rules->relay;
  limits.idle = settings.tcp_idle;
  limits.fin = settings.fin_timeout;
  relay_ = std::make_unique<Relay>(context_.reactor, std::move(opening->client), std::move(opening->server), limits,
                                   *this, opening->early.bytes);
  if (opening->early.ended) relay_->ClientEnded();
  drain_ = settings.drain_tcp;
  deadline_.Cancel();
  phase_ = Phase::kRelay;
  OnEndpointsRemoved();
}

void TcpSession::OnEndpointsRemoved() {
  if (phase_ != Phase::kRelay || drain_ <= Millis(0) || use_->removed() == Millis(0)) return;
  if (deadline_.armed() && use_->removed() == drained_since_) return;
  drained_since_ = use_->removed();
  context_.reactor.Arm(deadline_, drain_);
}

void TcpSession::OnRelayEnd(RelayEnd end) {
  switch (end) {
    case RelayEnd::kFinished:
      return Finish(Termination::kOk);
    case RelayEnd::kClientReset:
      return Finish(Termination::kClientAbort);
    case RelayEnd::kServerReset:
      return Finish(Termination::kUpstreamReset);
    case RelayEnd::kIdle:
      return Finish(Termination::kIdle);
  }
}

void TcpSession::Kill(Termination termination) {
  if (!relay_) return Refuse(termination);
  relay_->Abort();
  Finish(termination);
}

void TcpSession::Refuse(Termination termination) {
  opening_->client->ResetOnClose();
  Finish(termination);
}

void TcpSession::Finish(Termination termination) {
  const uint64_t received = opening_ ? opening_->early.bytes.size() : relay_->from_client() + early_size_;
  const uint64_t sent = relay_ ? relay_->from_server() : 0;
  SessionCounters& counters = context_.counters;
  counters.terminations[static_cast<size_t>(termination)].Add();
  counters.bytes_from_clients.Add(received);
  counters.bytes_to_clients.Add(sent);
  if (use_ && relay_) {
    use_->counters.bytes_out.fetch_add(received, std::memory_order_relaxed);
    use_->counters.bytes_in.fetch_add(sent, std::memory_order_relaxed);
  }
  if (story_) Record(termination, received, sent);
  if (use_) {
    use_.Reset();
    context_.SlotFreed(slot_);
  }
  delete this;
}

void TcpSession::Record(Termination termination, uint64_t received, uint64_t sent) {
  if (context_.access == nullptr) return;
  AccessRecord record = story_->Record();
  record.client = client_;
  record.bytes_received = received;
  record.bytes_sent = sent;
  record.duration = Now() - began_;
  record.termination = termination;
  context_.access->Record(record);
}

}  // namespace

void StartTcpSession(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer,
                     const ListenerPlan& plan) {
  if (plan.lingering) return;
  (new TcpSession(context, std::move(fd), peer))->Start(plan);
}

}  // namespace signpost::lb
