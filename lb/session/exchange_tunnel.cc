// Signpost. Apache-2.0; see LICENSE.
// After a 101 the two sockets belong together, and to a Relay (cases H93 to H98).
#include <cstdint>
#include <utility>

#include "lb/http/forward.h"
#include "lb/session/exchange.h"

namespace signpost::lb {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Termination TerminationOf(RelayEnd end) {
  switch (end) {
    case RelayEnd::kFinished:
      return Termination::kTunnel;
    case RelayEnd::kClientReset:
      return Termination::kClientAbort;
    case RelayEnd::kServerReset:
      return Termination::kUpstreamReset;
    case RelayEnd::kIdle:
      return Termination::kIdle;
  }
  return Termination::kTunnel;
}

}  // namespace

bool Exchange::BeginTunnel(const ResponseHead& head, std::string_view rest) {
  if (!upgrade_) {
    AttemptFailed(AttemptFailure::kInvalidHeader);  // case H93
    return false;
  }
  ResponseForwarding forwarding;
  forwarding.via = rules_->via;
  forwarding.upgrade = true;
  WriteResponseHead(head, forwarding, pending_.tail());
  pending_.Append(rest);
  status_ = 101;
  upstream_took_ = context_.reactor.Now() - sent_at_;
  context_.counters.tunnels.Add();
  const ServiceSettings& settings = *pool_->settings;
  RelayLimits limits = rules_->relay;
  limits.idle = settings.tunnel_timeout;
  limits.fin = settings.fin_timeout;
  upstream_deadline_.Cancel();
  write_deadline_.Cancel();
  const std::string to_server = client_.owner->TakeRest();
  std::unique_ptr<net::StreamSocket> client = client_.owner->GiveSocket();
  client_.socket = nullptr;
  client->KeepAlive();
  upstream_->socket->KeepAlive();
  phase_ = Phase::kTunnel;
  Relay::Owner& owner = *this;
  relay_ = std::make_unique<Relay>(context_.reactor, std::move(client), std::move(upstream_->socket), limits, owner,
                                   Bytes(to_server), Bytes(pending_.view()));
  upstream_.reset();
  Release();
  return false;
}

void Exchange::OnRelayEnd(RelayEnd end) {
  termination_ = TerminationOf(end);
  if (use_) use_->Report(*pool_->settings, Outcome::kSuccess, NowMillis());
  CountTunnel();
  relay_.reset();
  Finish(ExchangeEnd::kGone);
}

void Exchange::CountTunnel() {
  body_received_ += relay_->from_client();
  bytes_sent_ += relay_->from_server();
  from_endpoint_ += relay_->from_server();
  to_endpoint_ += relay_->from_client();
}

}  // namespace signpost::lb
