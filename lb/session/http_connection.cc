// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/http_connection.h"

#include <span>
#include <utility>

#include "lb/session/exchange_pool.h"
#include "lb/wire/proxy_header.h"

namespace signpost::lb {
namespace {

constexpr size_t kLingerBytes = 64 << 10;
constexpr Millis kLingerTime{2000};
// Of a client that was not told that this answer was the last: its next request may be on its way.
constexpr Millis kDrainGrace{500};
constexpr int kEmptyLines = 2;

static_assert(sizeof(HttpConnection) <= 400, "idle connections are many");

}  // namespace

void StartHttpConnection(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer, uint16_t port,
                         bool accept_proxy) {
  new HttpConnection(context, std::move(fd), peer, port, accept_proxy);  // it is its own, and on the list of sessions
}

HttpConnection::HttpConnection(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer, uint16_t port,
                               bool accept_proxy)
    : context_(context),
      socket_(net::StreamSocket::Adopt(context.reactor, std::move(fd), *this)),
      peer_(peer),
      port_(port),
      state_(accept_proxy ? State::kProxyHeader : State::kIdle) {
  context.sessions.Add(*this);
  context.counters.http_connections.Add();
  const SessionRules& rules = *context.rules;
  context.reactor.Arm(deadline_, accept_proxy ? rules.proxy_timeout : rules.header_timeout);
}

HttpConnection::~HttpConnection() {
  if (exchange_) context_.exchanges->Put(std::move(exchange_));
}

void HttpConnection::OnReady(net::StreamSocket& /*socket*/) {
  switch (state_) {
    case State::kProxyHeader:
      return ReadProxyHeader();
    case State::kIdle:
    case State::kHead:
      return ReadHead();
    case State::kExchange:
      return exchange_->OnClientReady();
    case State::kLinger:
      return Discard();
  }
}

void HttpConnection::OnDeadline(net::Deadline& /*deadline*/) {
  if (state_ == State::kHead) return Refuse(408);
  if (state_ == State::kProxyHeader) context_.counters.proxy_header_errors.Add();
  delete this;  // nothing was asked: nothing is said (cases H139, H140)
}

void HttpConnection::OnDrain() {
  const bool unread = !carry_.empty() || socket_ == nullptr || socket_->readable();
  if (state_ == State::kIdle && !unread) delete this;
}

void HttpConnection::OnEndpointsRemoved() {
  if (exchange_) exchange_->OnEndpointsRemoved();
}

void HttpConnection::Kill(Termination termination) {
  if (exchange_) exchange_->Kill(termination);
  if (socket_ && state_ == State::kExchange) socket_->ResetOnClose();
  delete this;
}

void HttpConnection::ReadProxyHeader() {
  const std::span<uint8_t> slab = context_.reactor.Slab();
  const net::IoResult result = socket_->Receive(slab);
  if (result.kind == net::Io::kWait) return;
  ProxyHeaderResult header;
  header.kind = ProxyHeaderResult::Kind::kBad;
  if (result.kind == net::Io::kBytes) {
    carry_.append(reinterpret_cast<const char*>(slab.data()), result.size);
    header = ParseProxyHeader({reinterpret_cast<const uint8_t*>(carry_.data()), carry_.size()});
  }
  if (header.kind == ProxyHeaderResult::Kind::kMore) return;
  if (header.kind == ProxyHeaderResult::Kind::kBad) {
    context_.counters.proxy_header_errors.Add();
    delete this;
    return;
  }
  if (header.has_addresses) {
    peer_ = header.source;
    destination_ = header.destination;
    port_ = destination_.port();
  }
  carry_.erase(0, header.size);
  state_ = State::kIdle;
  context_.reactor.Arm(deadline_, context_.rules->header_timeout);
  ReadHead();
}

void HttpConnection::ReadHead() {
  if (!carry_.empty() && !TakeBytes(carry_, true)) return;
  const std::span<uint8_t> slab = context_.reactor.Slab();
  const net::IoResult result = socket_->Receive(slab);
  if (result.kind == net::Io::kWait) return;
  if (result.kind != net::Io::kBytes) {
    delete this;
    return;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(slab.data()), result.size);
  if (carry_.empty()) {
    if (!TakeBytes(bytes, false)) return;
  } else {
    carry_.append(bytes);
    if (!TakeBytes(carry_, true)) return;
  }
  if (socket_->readable()) socket_->Again();
}

// True: there is no complete head yet, and what there is of it is in carry_.
bool HttpConnection::TakeBytes(std::string_view bytes, bool carried) {
  size_t skipped = 0;
  if (state_ == State::kIdle) skipped = SkipEmptyLines(bytes, &empty_lines_);
  bytes.remove_prefix(skipped);
  const bool begun = !bytes.empty() && bytes != "\r";  // which may become another empty line
  HeadScanner::Verdict verdict;
  if (begun || state_ == State::kHead) verdict = scanner_.Scan(bytes, context_.rules->head, true);
  if (verdict.kind == HeadScanner::Kind::kBad) {
    Refuse(verdict.status);
    return false;
  }
  if (verdict.kind == HeadScanner::Kind::kEnd) {
    if (!carried) {
      StartRequest(bytes.substr(0, verdict.size), bytes.substr(verdict.size));
      return false;
    }
    // The rest of them will be written to carry_.
    exchange_ = context_.exchanges->Take();
    std::string& held = exchange_->held();
    held.swap(carry_);
    carry_ = std::string();
    const std::string_view all = std::string_view(held).substr(skipped);
    StartRequest(all.substr(0, verdict.size), all.substr(verdict.size));
    return false;
  }
  if (carried) {
    carry_.erase(0, skipped);
  } else {
    carry_.assign(bytes);
  }
  if (state_ == State::kIdle && begun) {
    state_ = State::kHead;
    if (requests_ > 0) context_.reactor.Arm(deadline_, context_.rules->header_timeout);
  }
  return true;
}

ExchangeClient HttpConnection::Client() {
  ++requests_;
  const uint32_t most = context_.rules->client_requests;
  return {this, socket_.get(), peer_, destination_, port_, most > 0 && requests_ >= most};
}

void HttpConnection::StartRequest(std::string_view head, std::string_view rest) {
  if (!exchange_) exchange_ = context_.exchanges->Take();
  state_ = State::kExchange;
  deadline_.Cancel();
  scanner_.Reset();
  exchange_->Begin(Client(), head, rest);
}

void HttpConnection::Refuse(int status) {
  if (!exchange_) exchange_ = context_.exchanges->Take();
  state_ = State::kExchange;
  deadline_.Cancel();
  carry_ = std::string();
  exchange_->Refuse(Client(), status);
}

std::string HttpConnection::TakeRest() { return std::exchange(carry_, std::string()); }

void HttpConnection::OnExchangeEnd(ExchangeEnd end) {
  context_.exchanges->Put(std::move(exchange_));
  switch (end) {
    case ExchangeEnd::kKeepAlive:
      break;
    case ExchangeEnd::kDone:
      if (carry_.empty() && !socket_->readable()) {
        delete this;
        return;
      }
      [[fallthrough]];
    case ExchangeEnd::kClose:
      return Linger();
    case ExchangeEnd::kAbort:
      socket_->ResetOnClose();
      [[fallthrough]];
    case ExchangeEnd::kGone:
      delete this;
      return;
  }
  state_ = State::kIdle;
  empty_lines_ = kEmptyLines;
  context_.reactor.Arm(deadline_, context_.draining ? kDrainGrace : context_.rules->idle_timeout);
  // Never from here: requests in one packet would nest.
  if (!carry_.empty() || socket_->readable()) socket_->Again();
}

// FIN, and then a while of reading on: closing with input unread would send RST, and that may overtake the answer. Who
// sends too much is read no more, but not closed before its time either.
void HttpConnection::Linger() {
  state_ = State::kLinger;
  carry_ = std::string();
  socket_->ShutdownWrite();
  context_.reactor.Arm(deadline_, kLingerTime);
  Discard();
}

void HttpConnection::Discard() {
  while (discarded_ < kLingerBytes || socket_->peer_closed()) {
    const net::IoResult result = socket_->Receive(context_.reactor.Slab());
    if (result.kind == net::Io::kWait) return;
    if (result.kind != net::Io::kBytes) {
      delete this;
      return;
    }
    discarded_ += static_cast<uint32_t>(result.size);
  }
}

}  // namespace signpost::lb
