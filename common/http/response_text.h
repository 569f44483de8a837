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
  bool vary = false;       // says that another Accept-Encoding may give other bytes
};

// Status line, `response`'s headers and ours, up to the empty line. Content-Length, Transfer-Encoding, Connection and
// Date of `response` are ignored; line ends inside its headers become spaces.
std::string ResponseHead(const ServerResponse& response, ResponseFraming framing, Nanos wall);

// A whole response for what is no request, or one too many: `text` as its one line, and the connection closes.
std::string RefusalText(int status, std::string_view text, bool vary, Nanos wall);

// Of whichever member holds it; valid as long as that.
std::string_view BodyOf(const ServerResponse& response);

// Whether answers of that status have a body at all (RFC 9110 6.4.1).
bool StatusHasBody(int status);

// Whether the body of `response` is to be sent.
bool HasBody(const ServerResponse& response, ResponseFraming framing);

}  // namespace signpost::http
