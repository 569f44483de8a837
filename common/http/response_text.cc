// Signpost. Apache-2.0; see LICENSE.
#include "common/http/response_text.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace signpost::http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 30> kPhrases = {{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

bool IsOurs(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kOurs = {"content-length", "transfer-encoding", "connection",
                                                            "date"};
  return std::any_of(kOurs.begin(), kOurs.end(), [name](std::string_view ours) {
    return std::equal(ours.begin(), ours.end(), name.begin(), name.end(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
  });
}

void AppendClean(std::string& out, std::string_view text) {
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  const auto* const found =
      std::find_if(kPhrases.begin(), kPhrases.end(), [status](const auto& row) { return row.first == status; });
  return found == kPhrases.end() ? "Unknown" : found->second;
}

std::string HttpDate(Nanos wall) {
  const auto seconds = static_cast<time_t>(std::chrono::duration_cast<std::chrono::seconds>(wall).count());
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const size_t size = strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

std::string_view BodyOf(const ServerResponse& response) {
  return response.shared_body ? response.shared_body->text() : response.body;
}

bool StatusHasBody(int status) { return status >= 200 && status != 204 && status != 304; }

bool HasBody(const ServerResponse& response, ResponseFraming framing) {
  return !framing.head_only && StatusHasBody(response.status);
}

std::string ResponseHead(const ServerResponse& response, ResponseFraming framing, Nanos wall) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += ReasonPhrase(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (IsOurs(name)) continue;
    AppendClean(head, name);
    head += ": ";
    AppendClean(head, value);
    head += "\r\n";
  }
  if (framing.vary) head += "Vary: Accept-Encoding\r\n";
  if (StatusHasBody(response.status)) head += "Content-Length: " + std::to_string(BodyOf(response).size()) + "\r\n";
  head += "Date: " + HttpDate(wall) + "\r\n";
  head += framing.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

std::string RefusalText(int status, std::string_view text, bool vary, Nanos wall) {
  const ServerResponse response = {
      .status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::string(text) + "\n"};
  return ResponseHead(response, {.keep_alive = false, .vary = vary}, wall) + response.body;
}

}  // namespace signpost::http
