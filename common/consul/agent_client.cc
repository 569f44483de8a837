// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/agent_client.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "common/base/log.h"
#include "common/consul/duration.h"

namespace signpost::consul {
namespace {

constexpr size_t kMaxToken = 4096;

http::ClientOptions HttpOptions(const AgentOptions& options, const AgentAddress& address) {
  http::ClientOptions http;
  http.max_connections = options.max_connections;
  http.connect_timeout = options.connect_timeout;
  http.max_idle = options.max_idle;
  http.max_body = options.max_body;
  http.tls = options.tls;
  http.unix_socket = address.unix_socket;
  return http;
}

AgentAddress CheckedAddress(const std::string& url) {
  auto address = ParseAgentUrl(url);
  if (!address.ok()) Abort("AgentClient got a URL that was never checked");
  return std::move(address).value();
}

// The token without surrounding blanks; "" for one that cannot stand in a header.
std::string UsableToken(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return clean && text.size() <= kMaxToken ? std::string(text) : std::string();
}

// RFC 4648, with padding.
std::string Base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (size_t at = 0; at < text.size(); at += 3) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) bits = bits << 8 | (at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : 0U);
    for (size_t i = 0; i < 4; ++i) encoded += at + i > text.size() ? '=' : kDigits[bits >> (18 - 6 * i) & 63];
  }
  return encoded;
}

// RFC 7617. "" for what cannot be a user and password.
std::string BasicAuthorization(std::string_view user_and_password) {
  const bool usable = user_and_password.find(':') != std::string_view::npos && user_and_password.size() <= kMaxToken &&
                      std::none_of(user_and_password.begin(), user_and_password.end(),
                                   [](char c) { return static_cast<uint8_t>(c) < ' ' || c == 0x7f; });
  return usable ? "Basic " + Base64(user_and_password) : "";
}

uint64_t ReadNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

AgentError ErrorOfStatus(int status) {
  if (status == 200) return AgentError::kNone;
  if (status == 401 || status == 403) return AgentError::kDenied;
  if (status == 404) return AgentError::kNotFound;
  if (status == 429 || (status >= 500 && status <= 599)) return AgentError::kServer;
  return AgentError::kBadReply;
}

// Consul's errors are one line of plain text; anything else is cut to something a log can hold.
std::string ErrorLine(int status, std::string_view body) {
  std::string line = "status " + std::to_string(status) + ": ";
  for (const char c : body.substr(0, 200)) line += c >= ' ' && c < 0x7f ? c : ' ';
  return line;
}

}  // namespace

const char* AgentErrorName(AgentError error) {
  switch (error) {
    case AgentError::kNone:
      return "none";
    case AgentError::kConnect:
      return "connect";
    case AgentError::kTimeout:
      return "timeout";
    case AgentError::kDenied:
      return "denied";
    case AgentError::kNotFound:
      return "not_found";
    case AgentError::kServer:
      return "server";
    case AgentError::kBadReply:
      return "bad_reply";
    case AgentError::kNoLeader:
      return "no_leader";
  }
  return "unknown";
}

AgentReply ReadAgentReply(const http::Response& response) {
  AgentReply reply;
  reply.status = response.status;
  reply.error = ErrorOfStatus(response.status);
  reply.index = ReadNumber(response.Header("x-consul-index"));
  reply.known_leader = response.Header("x-consul-knownleader") != "false";
  const uint64_t contact = std::min<uint64_t>(ReadNumber(response.Header("x-consul-lastcontact")), uint64_t{1} << 40);
  reply.last_contact = Millis(static_cast<int64_t>(contact));
  reply.content_hash = response.Header("x-consul-contenthash");
  reply.filtered = response.Header("x-consul-results-filtered-by-acls") == "true";
  reply.translating = response.Header("x-consul-translate-addresses") == "true";
  if (reply.error != AgentError::kNone) reply.error_text = ErrorLine(response.status, response.body);
  return reply;
}

AgentClient::AgentClient(net::Loop& loop, AgentOptions options)
    : loop_(loop),
      options_(std::move(options)),
      address_(CheckedAddress(options_.url)),
      token_(UsableToken(options_.token)),
      authorization_(BasicAuthorization(options_.http_auth)),
      http_(loop, HttpOptions(options_, address_)) {
  if (authorization_.empty() && !options_.http_auth.empty()) {
    LogError("the user and password for Consul cannot stand in a header; they are not used");
  }
  if (token_.empty() && !options_.token.empty()) LogError("the Consul token cannot be one; it is not used");
  ReloadToken();
}

std::unique_ptr<AgentClient::Call> AgentClient::Get(const GetRequest& request, OnReply on_reply) {
  Params params = request.params;
  if (request.stale) params.emplace_back("stale", "");
  if (request.index > 0) {
    params.emplace_back("index", std::to_string(request.index));
    params.emplace_back("wait", DurationText(request.wait));
  }
  http::Request http;
  http.timeout = request.timeout;
  return Send(std::move(http), request.path, std::move(params), std::move(on_reply));
}

std::unique_ptr<AgentClient::Call> AgentClient::Put(PutRequest request, OnReply on_reply) {
  http::Request http;
  http.method = "PUT";
  http.body = std::move(request.body);
  http.timeout = request.timeout;
  return Send(std::move(http), request.path, std::move(request.params), std::move(on_reply));
}

std::unique_ptr<AgentClient::Call> AgentClient::Send(http::Request http, std::string_view path, Params params,
                                                     OnReply on_reply) {
  if (!options_.namespace_name.empty()) params.emplace_back("ns", options_.namespace_name);
  http.url = BuildUrl(address_.base, path, params);
  http.tls_server_name = options_.tls_server_name;
  if (!authorization_.empty()) http.headers.emplace_back("Authorization", authorization_);
  if (!token_.empty()) http.headers.emplace_back("X-Consul-Token", token_);
  const Millis timeout = http.timeout;
  return http_.Send(std::move(http),
                    [this, started = loop_.Now(), timeout, done = std::move(on_reply)](Result<http::Response> result) {
                      done(Judge(std::move(result), started, timeout));
                    });
}

AgentReply AgentClient::Judge(Result<http::Response> result, Millis started, Millis timeout) {
  AgentReply reply;
  if (result.ok()) {
    reply = ReadAgentReply(result.value());
    if (reply.error == AgentError::kNone) reply.body = std::move(result.value().body);
    counters_.replies.Add();
  } else {
    const bool in_time = loop_.Now() - started < timeout;
    reply.error = result.status().kind() == ErrorKind::kLimit ? AgentError::kBadReply
                  : in_time                                   ? AgentError::kConnect
                                                              : AgentError::kTimeout;
    reply.error_text = result.status().text();
  }
  if (reply.error != AgentError::kNone) CountError(reply.error);
  if (reply.error == AgentError::kDenied) ReloadToken();
  return reply;
}

void AgentClient::ReloadToken() {
  if (!options_.token.empty() || options_.token_file.empty()) return;
  std::ifstream file(options_.token_file);
  std::string text(kMaxToken + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const bool readable = file.is_open() && !file.bad();
  text.resize(readable ? static_cast<size_t>(file.gcount()) : 0);
  std::string token = UsableToken(text);
  if (!token.empty()) {
    token_ = std::move(token);
    token_file_bad_ = false;
  } else if (!std::exchange(token_file_bad_, true)) {
    LogWarn(std::string(readable ? "no usable token in" : "cannot read") + " the Consul token file " +
            options_.token_file + (token_.empty() ? "; there is no token" : "; the token in use stays"));
  }
}

}  // namespace signpost::consul
