// Signpost. Apache-2.0; see LICENSE.
// Any bytes into the HTTP/1.1 request parser. However they are cut into pieces, the same requests come out, and their
// paths, parameters and accepted codings can be read.
// Input: one byte, the size of the pieces; then the bytes.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/content_coding.h"
#include "common/http/request_parser.h"
#include "common/http/url.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using http::RequestParser;

constexpr http::RequestLimits kLimits{.max_head = 1024, .max_body = 4096, .max_headers = 10};

// What a handler reads of a request agrees with itself.
void CheckReading(const http::ServerRequest& request) {
  Demand(http::PercentDecode(request.raw_path) == request.path, "the path is the raw path, decoded");
  static_cast<void>(http::PrefersGzip(request));
  for (const char* const name : {"a", "", "stale"}) {
    const auto all = request.Params(name);
    Demand(request.HasParam(name) == !all.empty(), "a parameter that is there has values");
    Demand(all.empty() || request.Param(name) == all.front(), "a parameter's value is its first");
  }
}

// All requests as one text, then the error if there was one.
std::string Requests(std::string_view bytes, size_t piece) {
  RequestParser parser(kLimits);
  std::string out;
  while (!bytes.empty() && parser.state() != RequestParser::State::kFailed) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty()) {
      const size_t taken = parser.Feed(part);
      Demand(taken <= part.size(), "no more is taken than there is");
      part.remove_prefix(taken);
      if (parser.state() == RequestParser::State::kComplete) {
        const http::ServerRequest request = parser.Take();
        Demand(request.body.size() <= kLimits.max_body, "bodies are bounded");
        CheckReading(request);
        out += request.method + " " + request.raw_path + " " + request.path + " " + request.body + "\n";
      } else if (parser.state() == RequestParser::State::kFailed) {
        Demand(parser.error() >= 400 && parser.error() < 600 && *parser.error_text() != '\0',
               "an error has a status and a reason");
        out += "error " + std::to_string(parser.error()) + "\n";
        break;
      } else {
        Demand(part.empty(), "an unfinished request takes everything");
      }
    }
  }
  return out;
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece = std::max<size_t>(1, data[0]);
  signpost::fuzz::Demand(signpost::fuzz::Requests(bytes, piece) == signpost::fuzz::Requests(bytes, bytes.size() + 1),
                         "pieces do not matter");
  return 0;
}
