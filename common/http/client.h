// Signpost. Apache-2.0; see LICENSE.
// HTTP/1.1 and HTTP/2 client: libcurl's multi interface driven by a net::Loop. Everything on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/net/loop.h"

namespace signpost::http {

struct TlsFiles {
  std::string ca_file;      // PEM; empty = the system's
  std::string ca_path;      // folder whose files are PEM, read when the client is made; only without ca_file
  std::string ca_pem;       // such text itself; only without ca_file
  std::string client_cert;  // PEM; empty = none
  std::string client_key;
  bool verify = true;
};

struct ClientOptions {
  // Connections in all, idle ones included; further requests wait their turn.
  int max_connections = 150;
  Millis connect_timeout{2000};
  // A gathered body larger than this fails the request with kLimit.
  size_t max_body = size_t{512} << 20;
  TlsFiles tls;
  std::string unix_socket;  // when set, connects there whatever the URL's host
  // A connection that was idle for longer is not used again: its other end may have gone without a word. Whole seconds.
  Millis max_idle{118000};
};

// One end of a body.
struct BodyPart {
  enum class End : unsigned char { kFirst, kLast };
  size_t bytes = 0;
  End end = End::kFirst;
};

struct Request {
  std::string method = "GET";
  std::string url;  // absolute
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Millis timeout{10000};  // whole exchange, redirects included; zero = none (event streams)

  // Speaks HTTP/2: at once on http:// (prior knowledge, as gRPC does; each time on a connection of its own), offered
  // by ALPN on https://, where a server that does not know it is asked in HTTP/1.1.
  bool http2 = false;
  // A connection of its own, closed afterwards: what a health check wants, whose target may not remember its clients.
  bool fresh_connection = false;
  // Up to so many redirects (http and https) are followed; one more fails the request with kUnavailable. 0: they are
  // answers like any other. 301, 302 and 303 turn POST into GET; other methods are kept.
  int max_redirects = 0;
  // Of the gathered body only so much is kept, and the rest is read and dropped: neither kLimit nor memory.
  std::optional<BodyPart> keep_body;
  // With https: the name to ask for (SNI) and to expect in the certificate, instead of the URL's host; the Host
  // header stays the URL's. A redirect to another host goes by that host's own name.
  std::string tls_server_name;
  // With https: false accepts any certificate for this request. (ClientOptions::tls.verify does so for all.)
  bool tls_verify = true;
};

struct Response {
  int status = 0;
  std::string reason;                                         // "Not Found"; empty in HTTP/2
  bool http2 = false;                                         // what was spoken in the end
  std::vector<std::pair<std::string, std::string>> headers;   // names in lower case
  std::vector<std::pair<std::string, std::string>> trailers;  // names in lower case
  std::string body;                                           // empty when the body was streamed
  uint64_t body_size = 0;                                     // as received, whatever was kept of it

  // First value of that header (lower-case name), or an empty view. Valid while this object lives.
  std::string_view Header(std::string_view name) const;
  // The same for trailers. gRPC's "grpc-status" is one, or a header when there is no body. libcurl 7.88 stops reading
  // at the end of Content-Length, so HTTP/2 trailers are seen only of answers without one, as gRPC's are.
  std::string_view Trailer(std::string_view name) const;
};

class Client {
 public:
  // A reply of whatever status is ok; only a failed exchange is an error:
  // kUnavailable (connect, reset, time-out, TLS), kLimit (body too large), kInvalid (no such URL, a line end in a
  // header, or the reader of the body said stop). Texts name host, port and reason, never a header, path or query.
  using OnDone = std::function<void(Result<Response>)>;
  // Pieces of the body as they arrive; valid during the call. Return false to end the request.
  using OnBody = std::function<bool(std::string_view)>;
  // The head is in: status, reason and headers are set. Not called for interim answers and redirects that are followed.
  using OnHead = std::function<void(const Response&)>;

  // Owns the request: destroying it cancels silently (no callback follows). May be destroyed in its own callback.
  class Call {
   public:
    ~Call();
    struct Impl;
    explicit Call(std::shared_ptr<Impl> impl);  // for this folder only
   private:
    std::shared_ptr<Impl> impl_;
  };

  Client(net::Loop& loop, ClientOptions options);
  ~Client();  // cancels what is left, silently; may happen inside a callback
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `on_done` is called exactly once, later, never from inside Send. The request's timeout counts from when it
  // gets its connection, not while it waits for one. Proxies are not used, and nothing is compressed unless the caller
  // asks for it and decodes it.
  [[nodiscard]] std::unique_ptr<Call> Send(Request request, OnDone on_done);
  // Streams: the body, of any length, goes to `on_body` and Response::body stays empty.
  [[nodiscard]] std::unique_ptr<Call> Stream(Request request, OnBody on_body, OnDone on_done);
  // The same, told of the head before the first piece of the body.
  [[nodiscard]] std::unique_ptr<Call> Stream(Request request, OnHead on_head, OnBody on_body, OnDone on_done);

  // Open connections now, idle ones included.
  size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::http
