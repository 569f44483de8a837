// Signpost. Apache-2.0; see LICENSE.
#include "common/http/server.h"

#include <unordered_map>
#include <utility>

#include "common/http/response_text.h"
#include "common/http/server_connection.h"
#include "common/http/url.h"
#include "common/net/tcp.h"

namespace signpost::http {

std::string_view ServerRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::optional<std::string> ServerRequest::Param(std::string_view name) const { return QueryParam(query, name); }

struct Server::Impl {
  Impl(net::Loop& owner, ServerOptions options, Handler handler) : loop(owner) {
    host->options = options;
    host->handler = std::move(handler);
    host->on_over = [this](ServerConnection& connection) { connections.erase(&connection); };
  }

  void Accept(std::unique_ptr<net::TcpStream> stream) {
    if (connections.size() >= host->options.max_connections) {
      const ServerResponse full = {.status = 503, .headers = {}, .body = ""};
      const std::string head = ResponseHead(full, {.keep_alive = false, .head_only = false}, SystemClock().Wall());
      stream->Write({reinterpret_cast<const uint8_t*>(head.data()), head.size()});
      net::TcpStream::CloseAfterDrain(std::move(stream));
      return;
    }
    auto connection = std::make_shared<ServerConnection>(loop, host, std::move(stream));
    connections.emplace(connection.get(), connection);
    connection->Serve();
  }

  net::Loop& loop;
  const std::shared_ptr<ServerConnection::Host> host = std::make_shared<ServerConnection::Host>();
  std::unordered_map<ServerConnection*, std::shared_ptr<ServerConnection>> connections;
  std::unique_ptr<net::TcpListener> listener;
};

Result<std::unique_ptr<Server>> Server::Listen(net::Loop& loop, const net::SocketAddress& address,
                                               ServerOptions options, Handler handler) {
  auto impl = std::make_shared<Impl>(loop, options, std::move(handler));
  auto listener = net::TcpListener::Listen(
      loop, address, {}, [impl = impl.get()](std::unique_ptr<net::TcpStream> s) { impl->Accept(std::move(s)); });
  if (!listener.ok()) return listener.status();
  impl->listener = std::move(listener).value();
  return std::make_unique<Server>(std::move(impl));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->listener.reset();
  const auto connections = std::move(impl_->connections);
  impl_->connections.clear();
  for (const auto& [key, connection] : connections) connection->Abandon();
}

const net::SocketAddress& Server::local() const { return impl_->listener->local(); }

size_t Server::connections() const { return impl_->connections.size(); }

}  // namespace signpost::http
