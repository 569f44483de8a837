// Signpost. Apache-2.0; see LICENSE.
// The heads that lb writes: what a gateway removes, adds and keeps (RFC 9110 7.6, RFC 7239; cases H100 to H108). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lb/http/request_head.h"
#include "lb/http/response_head.h"

namespace signpost::lb {

struct RequestForwarding {
  std::string_view client;      // the client's address without port: "192.0.2.7", "2001:db8::7"
  uint16_t port = 80;           // that the client came to
  bool trusted = false;         // the client is a proxy of ours: its forwarding fields are kept and added to
  bool forwarded = false;       // write Forwarded (RFC 7239) too
  std::string_view via;         // pseudonym; "" = no Via
  std::string_view request_id;  // generated; the client's own valid one is kept instead
  std::string_view host;        // what to send as Host; "" = the request's
  std::string_view path;        // what to send as target; "" = the request's
  bool upgrade = false;         // keep Connection: upgrade and Upgrade
};

// Appends the head for the upstream, HTTP/1.1 always, with its empty line. Body framing as the request had it: chunked
// stays chunked, a length is written once in plain digits.
void WriteRequestHead(const RequestHead& request, const RequestForwarding& forwarding, std::string& out);

struct ResponseForwarding {
  bool http10_client = false;
  bool keep_alive = true;  // towards the client
  // How the body goes to the client: kChunked only to 1.1 clients, kUntilClose ends the connection.
  Framing framing = Framing::kNone;
  bool trailers = false;  // the client sent TE: trailers
  std::string_view via;
  std::string_view set_cookies;  // whole field lines with CR LF to add; may be empty
  bool upgrade = false;          // 101: keep Connection: upgrade and Upgrade
};

// How an upstream body goes to this client (cases H127 to H130).
Framing ClientFraming(const ResponseHead& response, bool http10_client);

// Appends the head for the client, HTTP/1.1 always, with its empty line. Also for 1xx.
void WriteResponseHead(const ResponseHead& response, const ResponseForwarding& forwarding, std::string& out);

// Whether `id` may be kept as a request id: 1 to 128 token characters (case H108).
bool IsRequestId(std::string_view id);

}  // namespace signpost::lb
