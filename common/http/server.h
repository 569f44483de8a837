// Signpost. Apache-2.0; see LICENSE.
// HTTP/1.1 server (RFC 9110, RFC 9112) for operations listeners and the registry's API: strict parser,
// bounded head and body, keep-alive, pipelining one at a time, gzip. Everything on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/http/shared_body.h"
#include "common/net/address.h"
#include "common/net/loop.h"

namespace signpost::http {

struct ServerRequest {
  std::string method;
  std::string path;                                          // percent-decoded, without query
  std::string raw_path;                                      // as sent: where "%2F" is no separator
  std::string query;                                         // raw, without '?'; its escapes are well formed
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  net::SocketAddress peer;

  std::string_view Header(std::string_view name) const;
  // The decoded value of a query parameter; nullopt when absent ("?stale" gives "").
  std::optional<std::string> Param(std::string_view name) const;
  // The decoded values of every parameter of that name, in order.
  std::vector<std::string> Params(std::string_view name) const;
  bool HasParam(std::string_view name) const;
};

struct ServerResponse {
  int status = 200;
  // Sent as given. Content-Length, Date and Connection are added; Vary and Content-Encoding too, if the server
  // compresses.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  SharedBodyPtr shared_body;  // when set, it is the body, and `body` is ignored
};

// Answers one request, now or later, exactly once, on the loop's thread. If the client went away the answer is
// dropped. Destroying it unused answers 500.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(ServerResponse response) = 0;
  // Called if the client goes away first; at most once. For ending a blocked query: the connection stays until
  // the answer, or the responder's end, since a client may have closed only its sending side.
  virtual void OnGone(std::function<void()> on_gone) = 0;
};

struct ServerOptions {
  size_t max_connections = 8192;          // 503 above
  size_t max_connections_per_client = 0;  // of one IP address, loopback included; 429 above; 0 = any number
  size_t max_head = 16 << 10;             // 431 above
  size_t max_body = 1 << 20;              // 413 above
  // Slow clients get 408 and are closed: a head must be whole so long after its first byte, a body so long after
  // its head, however steadily they drip.
  Millis head_timeout{10000};
  Millis body_timeout{30000};  // also: in which a client must take 16 KiB of its answer, or what is left
  Millis idle_timeout{60000};
  // Compresses bodies of `gzip_from` bytes and more for clients whose Accept-Encoding admits gzip, unless the
  // handler set Content-Encoding or Content-Range itself. All answers then carry "Vary: Accept-Encoding".
  bool gzip = false;
  size_t gzip_from = 1024;
};

class Server {
 public:
  using Handler = std::function<void(ServerRequest, std::unique_ptr<Responder>)>;

  static Result<std::unique_ptr<Server>> Listen(net::Loop& loop, const net::SocketAddress& address,
                                                ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const net::SocketAddress& local() const;
  size_t connections() const;

  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);  // for this folder only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::http
