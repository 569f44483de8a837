// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/docker_engine.h"

#include <algorithm>

#include "common/json/json.h"

namespace signpost::registry {
namespace {

// Replies are a few hundred bytes; a fault's text is cut to this.
constexpr size_t kMaxReply = size_t{64} << 10;
constexpr size_t kMaxFault = 1024;

http::ClientOptions ClientFor(const CheckOptions& options, const Result<DockerAddress>& address) {
  http::ClientOptions client;
  client.max_connections = static_cast<int>(2 * options.max_running);
  client.connect_timeout = std::chrono::hours(1);  // the run's own time-out counts
  client.max_body = kMaxReply;
  if (address.ok()) client.unix_socket = address.value().unix_socket;
  return client;
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Result<DockerAddress> ParseDockerUrl(std::string_view url) {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  if (url.starts_with(kUnix) && url.size() > kUnix.size()) {
    return DockerAddress{.base = "http://docker", .unix_socket = std::string(url.substr(kUnix.size()))};
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url.starts_with(kTcp) && url.size() > kTcp.size()) {
    return DockerAddress{.base = "http://" + std::string(url.substr(kTcp.size())), .unix_socket = ""};
  }
  if ((url.starts_with("http://") && url.size() > 7) || (url.starts_with("https://") && url.size() > 8)) {
    return DockerAddress{.base = std::string(url), .unix_socket = ""};
  }
  return Status::Config("'" + std::string(url) + "' is no Docker Engine: use unix:///path or tcp://host:port");
}

std::string ExecCreateBody(const Strings& command) {
  json::Writer writer;
  writer.BeginObject().Key("AttachStdin").Bool(false).Key("AttachStdout").Bool(true).Key("AttachStderr").Bool(true);
  writer.Key("Tty").Bool(false).Key("Cmd").BeginArray();
  for (const std::string& word : command) writer.String(word);
  writer.EndArray().EndObject();
  return writer.Take();
}

Result<std::string> ExecIdOf(std::string_view create_reply) {
  const auto document = json::Document::Parse(create_reply);
  const std::string id(document.ok() ? document.value().root()["Id"].String() : "");
  if (id.empty() || id.size() > 128 || !IsHex(id)) return Status::Invalid("the engine gave no exec ID");
  return id;
}

Result<int> ExitCodeOf(std::string_view inspect_reply) {
  const auto document = json::Document::Parse(inspect_reply);
  if (!document.ok()) return Status::Invalid("the engine's reply is not JSON");
  const json::Value root = document.value().root();
  if (root["Running"].Bool()) return Status::Invalid("the command is still running");
  if (!root["ExitCode"].IsNumber()) return Status::Invalid("the engine gave no exit code");
  return static_cast<int>(std::clamp<int64_t>(root["ExitCode"].Int(-1), -1, 255));
}

std::string DockerFault(std::string_view step, std::string_view container, const http::Response& response) {
  const std::string failed = std::string(step) + " exec failed ";
  const std::string name(container);
  if (response.status == 404 && step == "create") return failed + "for unknown container " + name;
  if (response.status == 409) return failed + "since container " + name + " is paused or stopped";
  return failed + "for container " + name + " with status " + std::to_string(response.status) + ": " +
         response.body.substr(0, kMaxFault);
}

DockerEngine::DockerEngine(net::Loop& loop, const CheckOptions& options)
    : DockerEngine(loop, options, ParseDockerUrl(options.docker_url)) {}

DockerEngine::DockerEngine(net::Loop& loop, const CheckOptions& options, const Result<DockerAddress>& address)
    : status_(address.status()),
      base_(address.ok() ? address.value().base : ""),
      client_(loop, ClientFor(options, address)) {}

http::Request DockerEngine::MakeRequest(const std::string& path, std::string body) const {
  http::Request request;
  request.url = base_ + path;
  request.timeout = Millis(0);  // the run has one for all its requests
  request.fresh_connection = true;
  if (!body.empty()) {
    request.method = "POST";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::move(body);
  }
  return request;
}

}  // namespace signpost::registry
