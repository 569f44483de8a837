// Signpost. Apache-2.0; see LICENSE.
// Answers that lb gives itself: errors, redirects, OPTIONS with Max-Forwards: 0. Pure.
#pragma once

#include <string>
#include <string_view>

namespace signpost::lb {

struct LocalAnswer {
  int status = 0;
  bool keep_alive = false;
  bool http10_client = false;  // to whom keep-alive must be said
  bool head_request = false;   // no body, but its length
  std::string_view location;   // redirects
  std::string_view why;        // one line for the client; "" = what the status means here
};

// Appends head and body. 503 carries Retry-After: 1; OPTIONS (200) carries Allow and no body. Nothing in it tells of
// addresses or of the service's inside.
void WriteLocalAnswer(const LocalAnswer& answer, std::string& out);

// "$path" in the template stands for `path`. A slash before it and the one it begins with become one.
std::string RedirectTarget(std::string_view text, std::string_view path);

}  // namespace signpost::lb
