// Signpost. Apache-2.0; see LICENSE.
// A request's head: strict, since differing readings of one byte stream are how requests get smuggled. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lb/http/head.h"

namespace signpost::lb {

enum class TargetForm : unsigned char { kOrigin, kAbsolute, kAsterisk };

// Views into the parsed bytes.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent
  TargetForm form = TargetForm::kOrigin;
  // What goes upstream: path with query; "*" for kAsterisk and for OPTIONS of "http://a"; "/" for other methods of it.
  // Of "http://a?q" it is "?q", and WriteRequestHead puts the slash before it.
  std::string_view path;
  std::string_view host;  // of the absolute target, else the Host field; "" in HTTP/1.0 without one
  bool http10 = false;    // any other 1.x counts as 1.1
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;   // kLength
  bool keep_alive = true;        // what the client asked for
  bool expect_continue = false;  // never set for 1.0, nor without a body
  bool te_trailers = false;
  bool upgrade = false;  // a Connection: upgrade with an Upgrade that may be forwarded (not h2c); never for 1.0
  Fields fields;         // all, in order
  std::vector<std::string_view> connection_names;  // fields that Connection removes (case H101)
};

struct HeadVerdict {
  int status = 0;           // 0 = good; 400, 405, 414, 421, 431, 501, 505
  const char* reason = "";  // a few words for the log: "two Content-Length"
  bool ok() const { return status == 0; }
};

// `head` ends with its empty line, as HeadScanner found it. `out` is overwritten; its vector keeps its memory.
// TRACE is 405 unless `allow_trace`, CONNECT 501.
HeadVerdict ParseRequestHead(std::string_view head, const HeadLimits& limits, bool allow_trace, RequestHead& out);

// GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110 9.2.2).
bool IsIdempotent(std::string_view method);

}  // namespace signpost::lb
