// Signpost. Apache-2.0; see LICENSE.
// A response's head, read as cases H112 to H136 demand. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/head.h"

namespace signpost::lb {

struct ResponseHead {
  int status = 0;  // 100..999
  std::string_view reason;
  bool http10 = false;
  Framing framing = Framing::kNone;  // of this answer to that request: HEAD, 204, 304 and 1xx have none
  uint64_t content_length = 0;
  bool has_content_length = false;  // to be shown to the client, body or not (HEAD, 304)
  bool reusable = true;             // the connection may serve another request after this body
  bool upgrade = false;             // 101
  Fields fields;
  std::vector<std::string_view> connection_names;  // fields that Connection removes
};

enum class ResponseVerdict : unsigned char {
  kGood,
  kMalformed,  // 502
};

// `head` ends with its empty line. `head_request`: it answers a HEAD. Folded lines are joined in `scratch`, which must
// live as long as `out`'s views.
ResponseVerdict ParseResponseHead(std::string_view head, const HeadLimits& limits, bool head_request, ResponseHead& out,
                                  std::string& scratch);

}  // namespace signpost::lb
