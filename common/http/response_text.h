// Signpost. Apache-2.0; see LICENSE.
// Writes the head of an HTTP/1.1 response. Pure but for the clock.
#pragma once

#include <string>
#include <string_view>

#include "common/http/server.h"

namespace signpost::http {

// "Not Found"; "Unknown" for a code that has no phrase here.
std::string_view ReasonPhrase(int status);

// Wall time as in "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string HttpDate(Nanos wall);

struct ResponseFraming {
  bool keep_alive = true;
  bool head_only = false;  // the answer to HEAD: says the body's length, and sends none
};

// Status line, `response`'s headers and ours, up to the empty line. Content-Length, Transfer-Encoding, Connection and
// Date of `response` are ignored; line ends inside its headers become spaces.
std::string ResponseHead(const ServerResponse& response, ResponseFraming framing, Nanos wall);

// Whether the body of `response` is to be sent (RFC 9110 6.4.1).
bool HasBody(const ServerResponse& response, ResponseFraming framing);

}  // namespace signpost::http
