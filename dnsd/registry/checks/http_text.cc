// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/http_text.h"

#include <algorithm>

namespace signpost::registry {
namespace {

constexpr std::string_view kUserAgent = "Consul Health Check";
constexpr std::string_view kAccept = "text/plain, text/*, */*";
// Go gives up at the tenth redirect.
constexpr int kMaxRedirects = 9;

bool IsTokenChar(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar); }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool HasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), IsControl); }

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string Scheme(std::string_view url) { return Lower(url.substr(0, url.find("://"))); }

// "GET" -> "Get", as Go begins its errors.
std::string Operation(std::string_view method) {
  std::string text = Lower(method);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string_view MethodOf(const CheckDefinition& definition) {
  return definition.method.empty() ? std::string_view("GET") : std::string_view(definition.method);
}

bool Carries(const http::Request& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return Lower(header.first) == name && !header.second.empty(); });
}

}  // namespace

std::optional<std::string> HttpCheckFault(const CheckDefinition& definition) {
  const std::string_view url = definition.http;
  if (!IsToken(MethodOf(definition))) return "net/http: invalid method " + Quoted(MethodOf(definition));
  if (HasControl(url)) return std::string("net/url: invalid control character in URL");
  if (url.find(' ') != std::string_view::npos) return "parse " + Quoted(url) + ": invalid character \" \" in URL";
  if (const std::string scheme = Scheme(url); scheme != "http" && scheme != "https") {
    const std::string named = url.find("://") == std::string_view::npos ? "" : scheme;
    return Operation(MethodOf(definition)) + " " + Quoted(url) + ": unsupported protocol scheme " + Quoted(named);
  }
  for (const auto& [name, values] : definition.header) {
    const bool bad_value = std::any_of(values.begin(), values.end(), [](const auto& v) { return HasControl(v); });
    if (!IsToken(name)) return "net/http: invalid header field name " + Quoted(name);
    if (bad_value) return "net/http: invalid header field value for key " + Quoted(name);
  }
  return std::nullopt;
}

http::Request HttpCheckRequest(const CheckDefinition& definition, Millis timeout, size_t output_limit) {
  http::Request request;
  request.method = MethodOf(definition);
  request.url = definition.http;
  for (const auto& [name, values] : definition.header) {
    const size_t count = Lower(name) == "host" ? std::min<size_t>(values.size(), 1) : values.size();
    for (size_t i = 0; i < count; ++i) request.headers.emplace_back(name, values[i]);
  }
  if (!Carries(request, "user-agent")) request.headers.emplace_back("User-Agent", kUserAgent);
  if (!Carries(request, "accept")) request.headers.emplace_back("Accept", kAccept);
  request.headers.emplace_back("Connection", "close");
  request.body = definition.body;
  request.timeout = timeout;
  request.fresh_connection = true;
  request.max_redirects = kMaxRedirects;
  request.keep_body = http::BodyPart{.bytes = output_limit, .end = http::BodyPart::End::kLast};
  request.tls_verify = !definition.tls_skip_verify;
  return request;
}

Outcome JudgeHttpResponse(const CheckDefinition& definition, const http::Response& response) {
  return {StatusOfHttp(response.status), "HTTP " + std::string(MethodOf(definition)) + " " + definition.http + ": " +
                                             std::to_string(response.status) + " " + response.reason +
                                             " Output: " + response.body};
}

Outcome JudgeHttpFailure(const CheckDefinition& definition, const Status& failure) {
  const std::string reason = IsTimeout(failure.text())
                                 ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                                 : GoReason(failure.text());
  return {CheckStatus::kCritical, Operation(MethodOf(definition)) + " " + Quoted(definition.http) + ": " + reason};
}

bool IsTimeout(std::string_view client_text) {
  return client_text.find("timed out") != std::string_view::npos ||
         client_text.find("Timeout was reached") != std::string_view::npos ||
         client_text.find("Connection timeout after") != std::string_view::npos;
}

std::string GoReason(std::string_view client_text) {
  constexpr std::string_view kRefused = ": Connection refused";
  constexpr std::string_view kNoHost = "Could not resolve host: ";
  if (client_text.ends_with(kRefused)) {
    return "dial tcp " + std::string(client_text.substr(0, client_text.size() - kRefused.size())) +
           ": connect: connection refused";
  }
  if (const size_t at = client_text.find(kNoHost); at != std::string_view::npos) {
    return "dial tcp: lookup " + std::string(client_text.substr(at + kNoHost.size())) + ": no such host";
  }
  if (client_text.ends_with("Empty reply from server")) return "EOF";
  if (client_text.find("redirects followed") != std::string_view::npos) return "stopped after 10 redirects";
  return std::string(client_text);
}

}  // namespace signpost::registry
