// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_address.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

namespace signpost::registrar {
namespace {

constexpr std::array<const char*, 2> kUsualSockets = {"/var/run/docker.sock", "/tmp/docker.sock"};
constexpr size_t kMaxSocketPath = 107;  // sun_path less its end
constexpr std::string_view kPlainPort = "2375";
constexpr std::string_view kTlsPort = "2376";

Status BadUrl(std::string_view text) {
  // A user's name may come with a password.
  const bool secret = text.find('@') != std::string_view::npos;
  std::string shown;
  for (const char c : text.substr(0, 200)) shown += c >= ' ' && c < 0x7f ? c : '?';
  return Status::Config((secret ? "an address with '@'" : "'" + shown + "'") +
                        " is not the address of a Docker Engine: write unix:///PATH, tcp://HOST:PORT, "
                        "http://HOST:PORT or https://HOST:PORT");
}

std::string UsualSocket() {
  for (const char* path : kUsualSockets) {
    if (access(path, F_OK) == 0) return path;
  }
  return kUsualSockets.front();
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

// "host:port" with the port that was missing; none when it is neither.
std::optional<std::string> WithPort(std::string_view authority, std::string_view default_port) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, colon);
  const bool bracketed = host.starts_with('[');
  if (host.empty() || bracketed != (bracket != std::string_view::npos) || (bracketed && !host.ends_with(']')))
    return {};
  if (colon == std::string_view::npos) return std::string(authority) + ":" + std::string(default_port);
  if (!IsPort(authority.substr(colon + 1))) return {};
  return std::string(authority);
}

Result<EngineAddress> UnixAddress(std::string_view url, std::string_view path) {
  if (!path.starts_with('/') || path.size() < 2) return BadUrl(url);
  if (path.size() > kMaxSocketPath) {
    return Status::Config("the path of the Docker Engine's socket has " + std::to_string(path.size()) +
                          " characters: the system allows " + std::to_string(kMaxSocketPath));
  }
  return EngineAddress{"http://docker", std::string(path), {}};
}

Status CheckReadable(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return Status::Ok();
  return Status::Config("cannot read " + path + " (" + std::generic_category().message(errno) +
                        "): the Docker certificate folder holds ca.pem, cert.pem and key.pem");
}

// What the official client does: without tls_verify the folder gives the client's certificate only.
Result<http::TlsFiles> FindTlsFiles(const EngineAddressOptions& options) {
  http::TlsFiles tls;
  tls.verify = options.tls_verify || options.cert_path.empty();
  if (options.cert_path.empty()) return tls;
  const std::string folder = options.cert_path + "/";
  if (tls.verify) tls.ca_file = folder + "ca.pem";
  tls.client_cert = folder + "cert.pem";
  tls.client_key = folder + "key.pem";
  for (const std::string* path : {&tls.ca_file, &tls.client_cert, &tls.client_key}) {
    if (path->empty()) continue;
    if (Status status = CheckReadable(*path); !status.ok()) return status;
  }
  return tls;
}

}  // namespace

Result<EngineAddress> MakeEngineAddress(const EngineAddressOptions& options) {
  const std::string_view url = options.url;
  if (url.empty()) return UnixAddress(url, UsualSocket());
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
  const size_t scheme_end = url.find("://");
  if (!printable || scheme_end == std::string_view::npos) return BadUrl(url);
  const std::string_view scheme = url.substr(0, scheme_end);
  std::string_view rest = url.substr(scheme_end + 3);
  if (scheme == "unix") return UnixAddress(url, rest);
  if (rest.find_first_of("?#@\"'<>\\") != std::string_view::npos) return BadUrl(url);
  if (scheme != "tcp" && scheme != "http" && scheme != "https") return BadUrl(url);

  const bool tls = scheme == "https" || (scheme == "tcp" && (options.tls_verify || !options.cert_path.empty()));
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t path = std::min(rest.find('/'), rest.size());
  const auto authority = WithPort(rest.substr(0, path), tls ? kTlsPort : kPlainPort);
  if (!authority) return BadUrl(url);
  EngineAddress address{(tls ? "https://" : "http://") + *authority + std::string(rest.substr(path)), "", {}};
  if (tls) {
    auto files = FindTlsFiles(options);
    if (!files.ok()) return files.status();
    address.tls = std::move(files).value();
  }
  return address;
}

}  // namespace signpost::registrar
