// Signpost. Apache-2.0; see LICENSE.
#include "common/options/shared_rows.h"

#include <algorithm>

#include "common/options/file_text.h"
#include "common/options/text.h"

namespace signpost::options {
namespace {

constexpr std::string_view kUnixScheme = "unix://";

// host[:port][/path] with the port that an agent has by default.
std::string WithPort(std::string_view text, std::string_view port) {
  const size_t end = std::min(text.find('/'), text.size());
  const std::string_view host = text.substr(0, end);
  const size_t bracket = host.rfind(']');
  const bool has_port = host.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
  return std::string(host) + (has_port ? "" : ":" + std::string(port)) + std::string(text.substr(end));
}

// As a URL that curl knows; "" is what cannot be used. consul, consul-tls and consul-unix are Registrator's words.
std::string WithScheme(std::string_view text) {
  const size_t colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon == std::string_view::npos ? 0 : colon + 3);
  const std::string_view rest = text.substr(scheme.size());
  if (scheme == "http://" || scheme == "https://" || scheme == kUnixScheme) return std::string(text);
  if (scheme.empty() || scheme == "consul://" || scheme == "tcp://") return "http://" + WithPort(rest, "8500");
  if (scheme == "consul-tls://") return "https://" + WithPort(rest, "8501");
  if (scheme == "consul-unix://") return std::string(kUnixScheme) + std::string(rest);
  return "";
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

bool IsUrl(std::string_view url) {
  const size_t host = url.find("://") + 3;
  if (url.size() <= host || !IsPrintable(url) || url.find_first_of("?#\"'<>\\@") != std::string_view::npos)
    return false;
  if (url.starts_with(kUnixScheme)) return url[host] == '/' && url.size() > host + 1;
  return url[host] != '/' && url[host] != ':';
}

std::string CheckConsulUrl(std::string_view text) {
  const std::string url = WithScheme(text);
  if (!url.empty() && IsUrl(url)) return "";
  const bool has_password = url.find('@') != std::string::npos;
  return "must be like consul://host:8500, http://host:8500, https://host:8501 or unix:///path, not " +
         (has_password ? "an address with a user's name" : Quoted(text));
}

Result<std::string> ReadToken(const std::string& path) {
  auto text = ReadFileText(path);
  if (!text.ok()) return Status::Config("does not help: " + text.status().text());
  std::string token = std::move(text).value();
  const auto is_space = [](unsigned char c) { return c <= ' '; };
  token.erase(std::find_if_not(token.rbegin(), token.rend(), is_space).base(), token.end());
  token.erase(token.begin(), std::find_if_not(token.begin(), token.end(), is_space));
  if (token.empty()) return Status::Config("names an empty file");
  return token;
}

// The token travels in a header line.
std::string CheckToken(std::string_view text) {
  return IsPrintable(text) ? "" : "must be a token without blanks or control characters";
}

}  // namespace

Rows ProgramRows() {
  return {
      {.name = "config",
       .type = Type::kFile,
       .value = "FILE",
       .help = "JSON file of options; comments and trailing commas are allowed",
       .command_line_only = true},
      {.name = "check",
       .type = Type::kBool,
       .help = "Check the options and the config file, then exit: 0 when they are good, 2 when not",
       .defaults = {"false"},
       .bare = "true",
       .command_line_only = true},
      {.name = "version",
       .type = Type::kBool,
       .help = "Print the version and exit",
       .defaults = {"false"},
       .bare = "true",
       .command_line_only = true,
       .alone = true},
      {.name = "help",
       .type = Type::kWord,
       .value = "markdown",
       .help = "Print this text, or the manual's table, and exit",
       .words = {"text", "markdown"},
       .bare = "text",
       .command_line_only = true,
       .alone = true},
      {.name = "log-level",
       .type = Type::kWord,
       .value = "LEVEL",
       .help = "Least severity to log: debug, info, warn or error",
       .defaults = {"info"},
       .words = {"debug", "info", "warn", "error"},
       .reloadable = true},
      {.name = "log-format",
       .type = Type::kWord,
       .value = "FORMAT",
       .help = "Form of the log lines on standard error: text or json",
       .defaults = {"text"},
       .words = {"text", "json"},
       .reloadable = true},
  };
}

Rows ConsulRows(std::string_view token_help) {
  return {
      {.name = "consul",
       .value = "URL",
       .help = "Agent of a Consul cluster: http://, https:// or unix:///path; host:port means http://host:port",
       .environment = "CONSUL_HTTP_ADDR",
       .check = CheckConsulUrl},
      {.name = "consul-token",
       .help = token_help,
       .environment = "CONSUL_HTTP_TOKEN",
       .secret = true,
       .check = CheckToken},
      {.name = "consul-token-file",
       .type = Type::kFile,
       .value = "FILE",
       .help = "File that holds the ACL token; used when no token is given otherwise",
       .environment = "CONSUL_HTTP_TOKEN_FILE"},
      {.name = "consul-ca-file",
       .type = Type::kFile,
       .value = "FILE",
       .help = "PEM file of the authorities that may have signed Consul's certificate",
       .default_note = "the system's",
       .environment = "CONSUL_CACERT"},
      {.name = "consul-client-cert",
       .type = Type::kFile,
       .value = "FILE",
       .help = "PEM file of the certificate to show to Consul",
       .environment = "CONSUL_CLIENT_CERT"},
      {.name = "consul-client-key",
       .type = Type::kFile,
       .value = "FILE",
       .help = "PEM file of that certificate's key",
       .environment = "CONSUL_CLIENT_KEY"},
  };
}

LogOptions ReadLogOptions(const Values& values) {
  const std::string level = values.String("log-level");
  LogOptions log;
  if (level == "debug") log.level = LogLevel::kDebug;
  if (level == "warn") log.level = LogLevel::kWarn;
  if (level == "error") log.level = LogLevel::kError;
  if (values.String("log-format") == "json") log.format = LogFormat::kJson;
  return log;
}

Result<std::optional<ConsulOptions>> ReadConsulOptions(const Values& values) {
  if (!values.Given("consul")) return std::optional<ConsulOptions>();
  ConsulOptions consul;
  consul.url = WithScheme(values.String("consul"));
  if (consul.url.starts_with(kUnixScheme)) {
    consul.unix_socket = consul.url.substr(kUnixScheme.size());
    consul.url = "http://localhost";
  }
  while (consul.url.ends_with('/')) consul.url.pop_back();
  consul.token = values.String("consul-token");
  if (consul.token.empty() && values.Given("consul-token-file")) {
    auto token = ReadToken(values.String("consul-token-file"));
    if (!token.ok()) return values.Refuse("consul-token-file", token.status().text());
    if (const std::string wrong = CheckToken(token.value()); !wrong.empty()) {
      return values.Refuse("consul-token-file", "does not hold a token");
    }
    consul.token_file = values.String("consul-token-file");
  }
  consul.ca_file = values.String("consul-ca-file");
  consul.client_cert = values.String("consul-client-cert");
  consul.client_key = values.String("consul-client-key");
  if (consul.client_key.empty() && !consul.client_cert.empty()) {
    return values.Refuse("consul-client-cert", "needs --consul-client-key as well");
  }
  if (consul.client_cert.empty() && !consul.client_key.empty()) {
    return values.Refuse("consul-client-key", "needs --consul-client-cert as well");
  }
  return std::optional(consul);
}

}  // namespace signpost::options
