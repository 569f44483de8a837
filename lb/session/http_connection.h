// Signpost. Apache-2.0; see LICENSE.
// One client's HTTP/1.x connection: reads heads, hands each request to an Exchange, keeps the connection for the next.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/address.h"
#include "common/net/reactor.h"
#include "common/net/stream_socket.h"
#include "common/net/unique_fd.h"
#include "lb/http/head.h"
#include "lb/session/exchange.h"
#include "lb/session/session_context.h"

namespace signpost::lb {

// Takes over an accepted connection. The session joins context.sessions and destroys itself when it is over. `port` is
// the listener's. With `accept_proxy` a PROXY header must come first.
void StartHttpConnection(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer, uint16_t port,
                         bool accept_proxy);

// What StartHttpConnection makes. Idle, it is all that the connection costs, besides its socket.
//
//   kProxyHeader -> kIdle -> kHead -> kExchange -> kLinger
//                     ^___________________|
class HttpConnection final : public Session,
                             private net::SocketOwner,
                             private net::DeadlineOwner,
                             private ExchangeOwner {
 public:
  HttpConnection(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer, uint16_t port,
                 bool accept_proxy);

  void OnDrain() override;
  void OnEndpointsRemoved() override;
  void Kill(Termination termination) override;

 private:
  enum class State : unsigned char { kProxyHeader, kIdle, kHead, kExchange, kLinger };

  ~HttpConnection() override;
  void OnReady(net::StreamSocket& socket) override;
  void OnDeadline(net::Deadline& deadline) override;
  void KeepRest(std::string_view bytes) override { carry_.assign(bytes); }
  std::string TakeRest() override;
  std::unique_ptr<net::StreamSocket> GiveSocket() override { return std::move(socket_); }
  void OnExchangeEnd(ExchangeEnd end) override;

  // Each may destroy this before it returns: their callers return at once.
  void ReadProxyHeader();
  void ReadHead();
  bool TakeBytes(std::string_view bytes, bool carried);
  void StartRequest(std::string_view head, std::string_view rest);
  void Refuse(int status);
  void Linger();
  void Discard();

  ExchangeClient Client();

  SessionContext& context_;
  std::unique_ptr<net::StreamSocket> socket_;
  std::unique_ptr<Exchange> exchange_;  // kExchange only
  std::string carry_;                   // what came too early, or the beginning of a head; empty when idle
  net::Deadline deadline_{*this};
  HeadScanner scanner_;
  net::SocketAddress peer_;
  net::SocketAddress destination_;  // by the PROXY header
  uint16_t port_ = 0;
  State state_;
  int empty_lines_ = 2;  // that may still come before a request
  uint32_t requests_ = 0;
  uint32_t discarded_ = 0;
};

}  // namespace signpost::lb
