// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/local_answer.h"

#include <array>

namespace signpost::lb {
namespace {

struct Text {
  int status;
  std::string_view reason;
  std::string_view meaning;
};

constexpr std::array<Text, 19> kTexts = {{
    {200, "OK", ""},
    {301, "Moved Permanently", "The page has moved."},
    {302, "Found", "The page is elsewhere for now."},
    {303, "See Other", "The answer is elsewhere."},
    {307, "Temporary Redirect", "The page is elsewhere for now."},
    {308, "Permanent Redirect", "The page has moved."},
    {400, "Bad Request", "The request is not valid HTTP/1.1."},
    {404, "Not Found", "No service is known by this host name."},
    {405, "Method Not Allowed", "This method is not allowed here."},
    {408, "Request Timeout", "The request did not arrive in time; send it again."},
    {414, "URI Too Long", "The request target is too long."},
    {417, "Expectation Failed", "The expectation cannot be met."},
    {421, "Misdirected Request", "This port does not serve that scheme."},
    {431, "Request Header Fields Too Large", "The request head is too large or has too many fields."},
    {501, "Not Implemented", "This method or transfer coding is not supported."},
    {502, "Bad Gateway", "No instance of the service gave a valid answer."},
    {503, "Service Unavailable", "No instance of the service is available now; try again shortly."},
    {504, "Gateway Timeout", "The service did not answer in time."},
    {505, "HTTP Version Not Supported", "Use HTTP/1.1."},
}};

const Text& TextOf(int status) {
  for (const Text& text : kTexts) {
    if (text.status == status) return text;
  }
  return kTexts[15];
}

}  // namespace

void WriteLocalAnswer(const LocalAnswer& answer, std::string& out) {
  const Text& text = TextOf(answer.status);
  const std::string_view why = answer.why.empty() ? text.meaning : answer.why;
  const std::string number = std::to_string(text.status);
  const bool body = text.status != 200;
  std::string line;
  if (body) line.append(number).append(" ").append(text.reason).append(": ").append(why).append("\n");
  out.append("HTTP/1.1 ").append(number).append(" ").append(text.reason).append("\r\n");
  if (body) out.append("Content-Type: text/plain; charset=utf-8\r\n");
  out.append("Content-Length: ").append(std::to_string(line.size())).append("\r\n");
  if (!answer.location.empty()) out.append("Location: ").append(answer.location).append("\r\n");
  if (text.status == 200 || text.status == 405) out.append("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
  if (text.status == 503) out.append("Retry-After: 1\r\n");
  if (!answer.keep_alive) out.append("Connection: close\r\n");
  if (answer.keep_alive && answer.http10_client) out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
  if (!answer.head_request) out.append(line);
}

std::string RedirectTarget(std::string_view text, std::string_view path) {
  constexpr std::string_view kPath = "$path";
  std::string target;
  for (size_t at = text.find(kPath); at != std::string_view::npos; at = text.find(kPath)) {
    target.append(text.substr(0, at)).append(path);
    text.remove_prefix(at + kPath.size());
    // "https://new.example/$path": the path brings its own slash.
    if (at > 0 && target.size() > path.size() && !path.empty() && path.front() == '/' &&
        target[target.size() - path.size() - 1] == '/') {
      target.erase(target.size() - path.size(), 1);
    }
  }
  return target.append(text);
}

}  // namespace signpost::lb
