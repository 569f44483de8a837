// Signpost. Apache-2.0; see LICENSE.
#include "common/http/server.h"

#include <span>
#include <unordered_map>
#include <utility>

#include "common/http/response_text.h"
#include "common/http/server_connection.h"
#include "common/http/text.h"
#include "common/http/url.h"
#include "common/net/tcp.h"

namespace signpost::http {

std::string_view ServerRequest::Header(std::string_view name) const { return FindHeader(headers, name); }

std::optional<std::string> ServerRequest::Param(std::string_view name) const { return QueryParam(query, name); }

std::vector<std::string> ServerRequest::Params(std::string_view name) const { return QueryParams(query, name); }

bool ServerRequest::HasParam(std::string_view name) const { return Param(name).has_value(); }

struct Server::Impl {
  // A connection, and whose it is while that counts.
  struct Entry {
    std::shared_ptr<ServerConnection> connection;
    std::string client;
  };

  Impl(net::Loop& owner, ServerOptions options, Handler handler) : loop(owner) {
    host->options = options;
    host->handler = std::move(handler);
    host->on_over = [this](ServerConnection& connection) { Forget(connection); };
  }

  void Accept(std::unique_ptr<net::TcpStream> stream) {
    const size_t limit = host->options.max_connections_per_client;
    std::string client;
    if (limit > 0) {
      const std::span<const uint8_t> ip = stream->peer().ip();
      client.assign(ip.begin(), ip.end());
      const auto found = per_client.find(client);
      if (found != per_client.end() && found->second >= limit) {
        return Refuse(std::move(stream), 429, "too many connections from this address");
      }
    }
    if (connections.size() >= host->options.max_connections) {
      return Refuse(std::move(stream), 503, "too many connections");
    }
    if (limit > 0) ++per_client[client];
    auto connection = std::make_shared<ServerConnection>(loop, host, std::move(stream));
    connections.emplace(connection.get(), Entry{connection, std::move(client)});
    connection->Serve();
  }

  void Refuse(std::unique_ptr<net::TcpStream> stream, int status, std::string_view text) const {
    const std::string reply = RefusalText(status, text, host->options.gzip, SystemClock().Wall());
    stream->Write({reinterpret_cast<const uint8_t*>(reply.data()), reply.size()});
    net::TcpStream::CloseAfterDrain(std::move(stream));
  }

  void Forget(ServerConnection& connection) {
    const auto node = connections.extract(&connection);
    if (!node || node.mapped().client.empty()) return;
    const auto count = per_client.find(node.mapped().client);
    if (--count->second == 0) per_client.erase(count);
  }

  net::Loop& loop;
  const std::shared_ptr<ServerConnection::Host> host = std::make_shared<ServerConnection::Host>();
  std::unordered_map<ServerConnection*, Entry> connections;
  std::unordered_map<std::string, size_t> per_client;  // connections by IP address, in network order
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
  for (const auto& [key, entry] : connections) entry.connection->Abandon();
}

const net::SocketAddress& Server::local() const { return impl_->listener->local(); }

size_t Server::connections() const { return impl_->connections.size(); }

}  // namespace signpost::http
