// Signpost. Apache-2.0; see LICENSE.
#include "lb/lb_options.h"

#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <thread>

#include "common/options/file_text.h"
#include "common/options/text.h"
#include "lb/dns_options.h"
#include "lb/pool/settings_keys.h"
#include "lb/session_options.h"

namespace signpost::lb {
namespace {

using options::Quoted;
using options::Rows;
using options::Type;
using options::Values;

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr uint16_t kHttpPort = 80;

std::string CheckAddress(std::string_view text, uint16_t default_port) {
  const auto address = net::SocketAddress::Parse(text, default_port);
  return address.ok() ? "" : "is wrong: " + address.status().text();
}
std::string CheckListen(std::string_view text) { return CheckAddress(text, kHttpPort); }
std::string CheckHttp(std::string_view text) { return CheckAddress(text, 0); }

// An address without a port: two different default ports show through.
std::string CheckBind(std::string_view text) {
  const auto one = net::SocketAddress::Parse(text, 1);
  const auto two = net::SocketAddress::Parse(text, 2);
  if (one.ok() && two.ok() && one->port() != two->port()) return "";
  return "must be an address without a port, such as 0.0.0.0 or [::], not " + Quoted(text);
}

std::string CheckDomain(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; };
  const bool good = text.size() <= 200 && !text.starts_with('.') && text.find("..") == std::string_view::npos &&
                    std::all_of(text.begin(), text.end(), allowed);
  return good ? "" : "must be a domain name such as example.com, not " + Quoted(text);
}

std::string CheckPort(std::string_view text) {
  const auto port = options::ParseInteger(text);
  return port && *port >= 1 && *port <= 65535 ? "" : "must be a port from 1 to 65535, not " + Quoted(text);
}

std::string CheckDefault(std::string_view text) {
  const size_t equals = text.find('=');
  ServiceSettings settings;
  const Status applied = ApplySetting(settings, text.substr(0, equals), text.substr(equals + 1));
  return applied.ok() ? "" : "is wrong: " + applied.text();
}

std::string CheckSocketPath(std::string_view text) {
  if (text.empty() || (text.starts_with('/') && text.size() < sizeof(sockaddr_un::sun_path))) return "";
  return "must be an absolute path of at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
         " characters, not " + Quoted(text);
}

std::string CheckToken(std::string_view text) {
  const auto printable = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  return std::all_of(text.begin(), text.end(), printable) ? "" : "must be a token without blanks or control characters";
}

options::Row TimeRow(std::string_view name, std::string_view help, std::string_view fallback, bool reloadable) {
  return {.name = name,
          .type = Type::kDuration,
          .value = "TIME",
          .help = help,
          .defaults = {fallback},
          .max = 8766 * kHour,
          .reloadable = reloadable};
}

options::Row SwitchRow(std::string_view name, std::string_view help, std::string_view fallback) {
  return {.name = name, .type = Type::kBool, .help = help, .defaults = {fallback}, .bare = "true", .reloadable = true};
}

Rows ListenRows() {
  return {
      {.name = "http-listen",
       .value = "ADDR:PORT",
       .help = "Address to serve HTTP on; 0.0.0.0:80 and [::]:80 serve other hosts",
       .defaults = {"127.0.0.1:80", "[::1]:80"},
       .repeatable = true,
       .reloadable = true,
       .check = CheckListen},
      {.name = "http-listen-proxy",
       .value = "ADDR:PORT",
       .help = "The same, where every connection must begin with a PROXY header (version 1 or 2)",
       .default_note = "none",
       .repeatable = true,
       .reloadable = true,
       .check = CheckListen},
      {.name = "tcp-bind",
       .value = "ADDR",
       .help = "Address on which the ports of TCP services are opened; 0.0.0.0 and [::] serve other hosts",
       .defaults = {"127.0.0.1", "[::1]"},
       .repeatable = true,
       .reloadable = true,
       .check = CheckBind},
      {.name = "deny-port",
       .value = "PORT",
       .help = "Port that no tag may open, besides the operations port and those of --http-listen",
       .default_note = "none",
       .repeatable = true,
       .reloadable = true,
       .check = CheckPort},
      TimeRow("linger", "Keep the port of a service that is gone for this long", "60s", true),
      {.name = "http",
       .value = "ADDR:PORT",
       .help = "Address of the operations listener: /, /healthz, /readyz, /metrics, /status, /v1/endpoint",
       .defaults = {"127.0.0.1:9155"},
       .check = CheckHttp},
  };
}

Rows RouteRows() {
  return {
      {.name = "public-domain",
       .value = "NAME",
       .help = "Services tagged http are served as SERVICE.NAME",
       .default_note = "none: the tag exposes nothing",
       .reloadable = true,
       .check = CheckDomain},
      SwitchRow("short-names", "Serve them under the bare name of the service too", "false"),
      SwitchRow("fabio-tags", "Routes by urlprefix- tags, as Fabio reads them", "true"),
      {.name = "default-service",
       .value = "NAME",
       .help = "Service for requests whose host has no route",
       .default_note = "none: 404",
       .reloadable = true},
      {.name = "default",
       .type = Type::kTextMap,
       .value = "KEY=VALUE",
       .help = "A setting for all services that do not have it themselves, such as max_fails=3",
       .reloadable = true,
       .check = CheckDefault},
      {.name = "services",
       .type = Type::kJson,
       .value = "{...}",
       .help = "Endpoints and settings of services by name",
       .reloadable = true},
      {.name = "routes",
       .type = Type::kJson,
       .value = "[...]",
       .help = "Routes by host, path, port or SNI",
       .reloadable = true},
  };
}

Rows CatalogRows() {
  return {
      {.name = "only-passing",
       .type = Type::kBool,
       .help = "Leave out instances with a warning",
       .defaults = {"false"},
       .bare = "true"},
      {.name = "consul-watches",
       .type = Type::kInteger,
       .value = "N",
       .help =
           "Services watched by a held request each, the rest is read in turn; two lbs stay below Consul's limit of "
           "200 connections per client (http_max_conns_per_client)",
       .defaults = {"90"},
       .min = 1,
       .max = 10000},
      {.name = "policy-prefix",
       .value = "PATH",
       .help = "Keys of Consul's KV store that hold policies of services; empty means none",
       .defaults = {"lb/policy/"}},
      TimeRow("dns-after", "Age of the catalog's last word from which DNS counts for services that both know", "5m",
              true),
  };
}

Rows LogRows() {
  return {
      {.name = "access-log",
       .value = "FILE",
       .help = "Access log; - is standard output; opened anew on SIGUSR1",
       .default_note = "none",
       .reloadable = true},
      {.name = "access-log-format",
       .type = Type::kWord,
       .value = "FORMAT",
       .help = "Form of its lines: json or combined",
       .defaults = {"json"},
       .words = {"json", "combined"},
       .reloadable = true},
  };
}

Rows LifeRows() {
  return {
      {.name = "threads",
       .type = Type::kInteger,
       .value = "N",
       .help = "Threads that serve clients; 0 means one per core",
       .defaults = {"0"},
       .max = 256},
      {.name = "data-dir",
       .value = "DIR",
       .help = "Where the last known services are kept (lb-snapshot.json); empty means nowhere",
       .defaults = {"/var/lib/signpost"}},
      TimeRow("max-snapshot-age", "Do not start from services kept longer ago", "24h", false),
      TimeRow("pre-stop", "Time between /readyz saying 503 and the end of accepting, after SIGTERM", "0s", true),
      TimeRow("stop-timeout", "Time that requests and connections then have to finish", "30s", true),
      {.name = "takeover",
       .value = "PATH",
       .help = "Unix socket over which a newly started lb gets the listening sockets of the running one",
       .default_note = "none",
       .check = CheckSocketPath},
      {.name = "admin-token",
       .help = "Token for /v1/endpoint; without one only this host may use it",
       .environment = "SIGNPOST_LB_ADMIN_TOKEN",
       .reloadable = true,
       .secret = true,
       .check = CheckToken},
      {.name = "admin-token-file",
       .type = Type::kFile,
       .value = "FILE",
       .help = "File that holds that token",
       .reloadable = true},
  };
}

Rows MakeRows() {
  Rows rows = ListenRows();
  for (const Rows& more :
       {RouteRows(), options::ConsulRows("ACL token for Consul; needs service:read, node:read and key:read"),
        CatalogRows(), DnsRows(), SessionRows(), LogRows(), LifeRows(), options::ProgramRows()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

Status ReadAddresses(const Values& values, std::string_view name, uint16_t port, std::vector<net::SocketAddress>& out) {
  for (const std::string& text : values.List(name)) {
    const net::SocketAddress address = net::SocketAddress::Parse(text, port).value();
    if (std::find(out.begin(), out.end(), address) != out.end()) {
      return values.Refuse(name, "names " + Quoted(text) + " twice");
    }
    out.push_back(address);
  }
  return Status::Ok();
}

Status ReadListen(const Values& values, PublishOptions& publish) {
  if (Status read = ReadAddresses(values, "http-listen", kHttpPort, publish.http_listen); !read.ok()) return read;
  if (Status read = ReadAddresses(values, "http-listen-proxy", kHttpPort, publish.http_listen_proxy); !read.ok())
    return read;
  for (const net::SocketAddress& address : publish.http_listen_proxy) {
    if (std::find(publish.http_listen.begin(), publish.http_listen.end(), address) != publish.http_listen.end()) {
      return values.Refuse("http-listen-proxy",
                           "names " + Quoted(address.ToString()) + ", which --http-listen has too");
    }
  }
  if (Status read = ReadAddresses(values, "tcp-bind", 1, publish.tcp_bind); !read.ok()) return read;
  for (net::SocketAddress& address : publish.tcp_bind) address.set_port(0);
  return Status::Ok();
}

Status ReadPublish(const Values& values, const StartOptions& start, PublishOptions& publish) {
  if (Status read = ReadListen(values, publish); !read.ok()) return read;
  publish.public_domain = values.String("public-domain");
  std::transform(publish.public_domain.begin(), publish.public_domain.end(), publish.public_domain.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (publish.public_domain.ends_with('.')) publish.public_domain.pop_back();
  for (const std::string& text : values.List("deny-port")) {
    publish.denied_ports.push_back(static_cast<uint16_t>(*options::ParseInteger(text)));
  }
  publish.denied_ports.push_back(start.http.port());
  publish.short_names = values.Flag("short-names");
  publish.fabio_tags = values.Flag("fabio-tags");
  publish.default_service = values.String("default-service");
  publish.linger = values.Duration("linger");
  publish.dns_after = values.Duration("dns-after");
  for (const auto& [key, text] : values.TextMap("default")) {
    if (Status applied = ApplySetting(publish.defaults, key, text); !applied.ok()) {
      return values.Refuse("default", "is wrong: " + applied.text());
    }
  }
  return Status::Ok();
}

Status ReadStart(const Values& values, StartOptions& start) {
  start.http = net::SocketAddress::Parse(values.String("http"), 0).value();
  start.threads = static_cast<int>(values.Integer("threads"));
  if (start.threads == 0) start.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  start.data_dir = values.String("data-dir");
  start.max_snapshot_age = values.Duration("max-snapshot-age");
  start.consul_watches = static_cast<size_t>(values.Integer("consul-watches"));
  start.only_passing = values.Flag("only-passing");
  start.policy_prefix = values.String("policy-prefix");
  start.takeover = values.String("takeover");
  auto consul = options::ReadConsulOptions(values);
  if (!consul.ok()) return consul.status();
  if (!consul.value()) return Status::Ok();
  const options::ConsulOptions& given = *consul.value();
  consul::AgentOptions agent;
  agent.url = given.unix_socket.empty() ? given.url : "unix://" + given.unix_socket;
  agent.token = given.token;
  agent.token_file = given.token_file;
  agent.tls = {.ca_file = given.ca_file, .client_cert = given.client_cert, .client_key = given.client_key};
  start.consul = std::move(agent);
  return Status::Ok();
}

Status ReadAdminToken(const Values& values, std::string& token) {
  token = values.String("admin-token");
  if (!token.empty() || !values.Given("admin-token-file")) return Status::Ok();
  auto text = options::ReadFileText(values.String("admin-token-file"));
  if (!text.ok()) return values.Refuse("admin-token-file", "does not help: " + text.status().text());
  token = std::move(text).value();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.pop_back();
  if (token.empty() || !CheckToken(token).empty()) return values.Refuse("admin-token-file", "does not hold a token");
  return Status::Ok();
}

Status ReadLive(const Values& values, LbOptions& made) {
  LiveOptions& live = made.live;
  live.log = options::ReadLogOptions(values);
  auto config = ReadFileConfig(values.String("services"), values.String("routes"));
  if (!config.ok()) return Status::Config(values.String("config") + ": " + config.status().text());
  live.config = std::move(config).value();
  if (Status read = ReadPublish(values, made.start, live.publish); !read.ok()) return read;
  live.listen_is_default = !values.Given("http-listen");
  auto rules = ReadSessionRules(values);
  if (!rules.ok()) return rules.status();
  live.rules = std::move(rules).value();
  auto dns = ReadDnsOptions(values, live.config);
  if (!dns.ok()) return dns.status();
  live.dns = std::move(dns).value();
  live.access_path = values.String("access-log");
  live.access_format = values.String("access-log-format") == "json" ? AccessFormat::kJson : AccessFormat::kCombined;
  live.rules.access_log = !live.access_path.empty();
  live.pre_stop = values.Duration("pre-stop");
  live.stop_timeout = values.Duration("stop-timeout");
  return ReadAdminToken(values, live.admin_token);
}

}  // namespace

const options::Rows& LbRows() {
  static const Rows rows = MakeRows();
  return rows;
}

Result<LbOptions> MakeLbOptions(const Values& values) {
  LbOptions made{.start = {}, .live = {}, .values = values};
  if (Status read = ReadStart(values, made.start); !read.ok()) return read;
  if (Status read = ReadLive(values, made); !read.ok()) return read;
  return made;
}

bool IsRequired(const LiveOptions& live, const net::SocketAddress& address) {
  const auto among = [&](const std::vector<net::SocketAddress>& list) {
    return std::find(list.begin(), list.end(), address) != list.end();
  };
  if (among(live.publish.http_listen)) return !(live.listen_is_default && address.family() == AF_INET6);
  if (among(live.publish.http_listen_proxy)) return true;
  const auto is_route = [&](const TcpRouteConfig& route) {
    if (route.port != address.port()) return false;
    if (route.address.empty()) return address.family() == AF_INET;
    const auto own = net::SocketAddress::Parse(route.address, route.port);
    return own.ok() && std::ranges::equal(own->ip(), address.ip());
  };
  return std::any_of(live.config.tcp.begin(), live.config.tcp.end(), is_route);
}

}  // namespace signpost::lb
