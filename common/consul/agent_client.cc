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
  reply.translating = response.Header("x-consul-translate-addresses") == "true";
  if (reply.error != AgentError::kNone) reply.error_text = ErrorLine(response.status, response.body);
  return reply;
}

AgentClient::AgentClient(net::Loop& loop, AgentOptions options)
    : loop_(loop),
      options_(std::move(options)),
      address_(CheckedAddress(options_.url)),
      token_(UsableToken(options_.token)),
      http_(loop, HttpOptions(options_, address_)) {
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
  http.url = BuildUrl(address_.base, request.path, params);
  http.timeout = request.timeout;
  if (!token_.empty()) http.headers.emplace_back("X-Consul-Token", token_);
  return http_.Send(std::move(http),
                    [this, started = loop_.Now(), timeout = request.timeout, done = std::move(on_reply)](
                        Result<http::Response> result) { done(Judge(std::move(result), started, timeout)); });
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
