// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/dnsd_options.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>
#include <thread>

#include "common/options/text.h"

namespace signpost::dnsd {
namespace {

using options::Rows;
using options::Type;
using options::Values;

constexpr uint16_t kDnsPort = 53;
constexpr int64_t kSecond = 1000;
constexpr int64_t kMaxTtl = int64_t{0x7fffffff} * kSecond;  // RFC 2181 8

std::string ToLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Lower case, without the final dot.
std::string NormalDomain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return ToLower(text);
}

bool IsLabel(std::string_view label) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= 63 && std::all_of(label.begin(), label.end(), allowed);
}

std::string_view FirstLabel(std::string_view domain) { return domain.substr(0, domain.find('.')); }

// Longer domains leave no room for the names below them (<32 hex digits>.addr.<datacenter>.<domain>).
constexpr size_t kMaxDomain = 150;

bool IsDomain(std::string_view domain) {
  if (domain.size() > kMaxDomain) return false;
  while (IsLabel(FirstLabel(domain))) {
    const size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
  return false;
}

std::string CheckDomain(std::string_view text) {
  if (IsDomain(NormalDomain(text))) return "";
  return "must be a domain name such as consul or consul.example of at most 150 characters, not " +
         options::Quoted(text);
}

std::string CheckDatacenter(std::string_view text) {
  if (IsLabel(text)) return "";
  return "must be one label of letters, digits, - and _, not " + options::Quoted(text);
}

std::string CheckAddress(std::string_view text, uint16_t default_port) {
  const auto address = net::SocketAddress::Parse(text, default_port);
  return address.ok() ? "" : "is wrong: " + address.status().text();
}
std::string CheckListen(std::string_view text) { return CheckAddress(text, kDnsPort); }
std::string CheckHttp(std::string_view text) { return CheckAddress(text, 0); }

std::string CheckNotEmpty(std::string_view text) { return text.empty() ? "must not be empty" : ""; }

Rows PlaceRows() {
  return {
      {.name = "listen",
       .value = "ADDR:PORT",
       .help = "Address to answer DNS on, by UDP and TCP",
       .defaults = {"127.0.0.1:53", "[::1]:53"},
       .repeatable = true,
       .check = CheckListen},
      {.name = "http",
       .value = "ADDR:PORT",
       .help = "Address of the operations listener (/healthz, /readyz, /metrics, /status) and of the registry's API",
       .default_note = "127.0.0.1:8500, or 127.0.0.1:9153 with --consul",
       .check = CheckHttp},
      {.name = "data-dir",
       .value = "DIR",
       .help = "Where the registry's database, or the catalog snapshot, is kept",
       .defaults = {"/var/lib/signpost"},
       .check = CheckNotEmpty},
      {.name = "snapshot-interval",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "How often the catalog snapshot is written, if anything changed",
       .defaults = {"60s"},
       .min = 100,
       .max = 24 * 3600 * kSecond},
      {.name = "dev", .type = Type::kBool, .help = "Keep nothing on disk", .defaults = {"false"}, .bare = "true"},
      {.name = "domain",
       .value = "NAME",
       .help = "Domain of the catalog's names",
       .defaults = {"consul"},
       .check = CheckDomain},
      {.name = "alt-domain",
       .value = "NAME",
       .help = "Second domain with the same names; answers point into the first",
       .default_note = "none",
       .check = CheckDomain},
      {.name = "datacenter",
       .value = "NAME",
       .help = "Datacenter that names without one belong to; the agent's when not given",
       .defaults = {"dc1"},
       .check = CheckDatacenter},
      {.name = "threads",
       .type = Type::kInteger,
       .value = "N",
       .help = "Threads that answer DNS; 0 means one per core",
       .defaults = {"0"},
       .max = 1024},
  };
}

Rows TcpRows() {
  return {
      {.name = "tcp-idle-timeout",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "Close a TCP connection without a query for this long",
       .defaults = {"10s"},
       .min = 100,
       .max = 6553 * kSecond},  // RFC 7828: tenths of a second in 16 bits
      {.name = "tcp-max-connections",
       .type = Type::kInteger,
       .value = "N",
       .help = "TCP connections open at one time, over all addresses",
       .defaults = {"1024"},
       .min = 1,
       .max = 1'000'000},
      {.name = "tcp-max-per-client",
       .type = Type::kInteger,
       .value = "N",
       .help = "TCP connections of one client address; 0 means no limit of its own",
       .defaults = {"0"},
       .max = 1'000'000},
  };
}

options::Row TtlRow(std::string_view name, std::string_view help, std::string_view fallback) {
  return {.name = name,
          .type = Type::kDuration,
          .value = "TIME",
          .help = help,
          .defaults = {fallback},
          .max = kMaxTtl,
          .reloadable = true};
}

options::Row LimitRow(std::string_view name, std::string_view help) {
  return {.name = name,
          .type = Type::kInteger,
          .value = "N",
          .help = help,
          .defaults = {"0"},
          .max = 65535,
          .reloadable = true};
}

options::Row SwitchRow(std::string_view name, std::string_view help, std::string_view fallback) {
  return {.name = name, .type = Type::kBool, .help = help, .defaults = {fallback}, .bare = "true", .reloadable = true};
}

Rows AnswerRows() {
  return {
      TtlRow("node-ttl", "TTL of node, addr and NS names", "0s"),
      {.name = "service-ttl",
       .type = Type::kDurationMap,
       .value = "NAME=TIME",
       .help = "TTL of a service's answers; NAME may end in * as a prefix, the longest match counts",
       .default_note = "0s for all",
       .max = kMaxTtl,
       .reloadable = true},
      SwitchRow("only-passing", "Leave out instances with a warning", "false"),
      LimitRow("udp-answer-limit", "Most answers over UDP to a client without EDNS; 0 means as many as fit"),
      LimitRow("a-record-limit", "Most A or AAAA answers to any question; 0 means no limit"),
      {.name = "answer-limit",
       .type = Type::kIntegerMap,
       .value = "NAME=N",
       .help = "Most answers for a service; NAME may end in * as a prefix, the longest match counts",
       .default_note = "no limit",
       .max = 65535,
       .reloadable = true},
      SwitchRow("node-meta-txt", "Add a node's metadata to answers as additional TXT records", "true"),
      TtlRow("soa-refresh", "Refresh time in the SOA record", "3600s"),
      TtlRow("soa-retry", "Retry time in the SOA record", "600s"),
      TtlRow("soa-expire", "Expiry time in the SOA record", "86400s"),
      TtlRow("soa-min-ttl", "TTL of the SOA record and of negative answers", "1s"),
      {.name = "max-stale",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "While Consul is away, answer from the last known catalog for this long",
       .defaults = {"168h"},
       .max = 10 * 8766 * 3600 * kSecond,
       .reloadable = true},
      TtlRow("stale-ttl", "Highest TTL of such answers", "5s"),
  };
}

Rows MakeRows() {
  Rows rows = PlaceRows();
  for (const Rows& more :
       {options::ConsulRows(), RegistryRows(), AnswerRows(), ResolverRows(), TcpRows(), options::ProgramRows()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

std::chrono::seconds Seconds(const Values& values, std::string_view name) {
  return std::chrono::duration_cast<std::chrono::seconds>(values.Duration(name));
}

int Int(const Values& values, std::string_view name) { return static_cast<int>(values.Integer(name)); }

// An alternative domain like service.example would swallow names of the first one's form.
Status CheckDomains(const Values& values, const StartOptions& start) {
  if (start.alt_domain.empty()) return Status::Ok();
  if (start.alt_domain == start.domain) {
    return values.Refuse("alt-domain", "is the same as --domain; leave one of them out");
  }
  const std::string_view first = FirstLabel(start.alt_domain);
  for (const std::string_view word : {"service", "connect", "node", "query", "addr", "ingress"}) {
    if (first == word) return values.Refuse("alt-domain", "must not begin with the word '" + std::string(word) + "'");
  }
  if (first == start.datacenter) {
    return values.Refuse("alt-domain", "must not begin with the datacenter's name '" + start.datacenter + "'");
  }
  return Status::Ok();
}

Status ReadPlaces(const Values& values, StartOptions& start) {
  if (values.List("listen").empty()) return values.Refuse("listen", "must name at least one address");
  for (const std::string& text : values.List("listen")) {
    const net::SocketAddress address = net::SocketAddress::Parse(text, kDnsPort).value();
    if (std::find(start.listen.begin(), start.listen.end(), address) != start.listen.end()) {
      return values.Refuse("listen", "names " + options::Quoted(text) + " twice");
    }
    start.listen.push_back(address);
  }
  start.listen_is_default = !values.Given("listen");
  if (!values.Flag("dev")) start.data_dir = values.String("data-dir");
  start.snapshot_interval = values.Duration("snapshot-interval");
  start.domain = NormalDomain(values.String("domain"));
  start.alt_domain = NormalDomain(values.String("alt-domain"));
  start.datacenter = ToLower(values.String("datacenter"));
  start.datacenter_is_default = !values.Given("datacenter");
  start.threads = Int(values, "threads");
  if (start.threads == 0) start.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  start.tcp_idle_timeout = values.Duration("tcp-idle-timeout");
  start.tcp_max_connections = Int(values, "tcp-max-connections");
  start.tcp_max_per_client = Int(values, "tcp-max-per-client");
  return CheckDomains(values, start);
}

// With Consul the address carries operations only; without, the registry's API, where its clients look for it.
net::SocketAddress HttpAddress(const Values& values, bool with_consul) {
  const char* fallback = with_consul ? "127.0.0.1:9153" : "127.0.0.1:8500";
  return net::SocketAddress::Parse(values.Given("http") ? values.String("http") : fallback, 0).value();
}

Status ReadSource(const Values& values, StartOptions& start) {
  auto consul = options::ReadConsulOptions(values);
  if (!consul.ok()) return consul.status();
  start.consul = std::move(consul).value();
  start.http = HttpAddress(values, start.consul.has_value());
  if (start.consul) return RefuseRegistryOptions(values);
  auto registry = ReadRegistryOptions(values, start.http);
  if (!registry.ok()) return registry.status();
  start.registry = std::move(registry).value();
  return Status::Ok();
}

LiveOptions ReadLive(const Values& values) {
  LiveOptions live;
  live.log = options::ReadLogOptions(values);
  live.node_ttl = Seconds(values, "node-ttl");
  for (const auto& [name, ttl] : values.DurationMap("service-ttl")) {
    live.service_ttl.emplace_back(name, std::chrono::duration_cast<std::chrono::seconds>(ttl));
  }
  for (const auto& [name, limit] : values.IntegerMap("answer-limit")) {
    live.answer_limit.emplace_back(name, static_cast<int>(limit));
  }
  live.only_passing = values.Flag("only-passing");
  live.udp_answer_limit = Int(values, "udp-answer-limit");
  live.a_record_limit = Int(values, "a-record-limit");
  live.soa_refresh = Seconds(values, "soa-refresh");
  live.soa_retry = Seconds(values, "soa-retry");
  live.soa_expire = Seconds(values, "soa-expire");
  live.soa_min_ttl = Seconds(values, "soa-min-ttl");
  live.node_meta_txt = values.Flag("node-meta-txt");
  live.max_stale = Seconds(values, "max-stale");
  live.stale_ttl = Seconds(values, "stale-ttl");
  return live;
}

// The catalog's names are answered from the catalog alone: a zone or a route for them would never be asked.
Status CheckOwnDomains(const Values& values, const DnsdOptions& made) {
  for (const std::string& own : {made.start.domain, made.start.alt_domain}) {
    if (own.empty()) continue;
    const wire::Name domain = wire::Name::FromText(own).value();
    for (const auto& [origin, file] : made.live.resolver.zones) {
      if (wire::Name::FromText(origin).value().EndsWith(domain)) {
        return values.Refuse("zone",
                             "names " + options::Quoted(origin) + ", which lies in the catalog's --domain " + own);
      }
    }
    const std::string& open = made.live.resolver.public_domain;
    if (!open.empty() && wire::Name::FromText(open).value().EndsWith(domain)) {
      return values.Refuse("public-domain",
                           "lies in the catalog's --domain " + own + ", whose names mean something else");
    }
    for (const auto& [zone, servers] : made.live.resolver.forward) {
      if (zone.EndsWith(domain)) {
        return values.Refuse("forward", "names " + zone.ToString() + ", which lies in the catalog's --domain " + own);
      }
    }
  }
  return Status::Ok();
}

}  // namespace

const options::Rows& DnsdRows() {
  static const Rows rows = MakeRows();
  return rows;
}

Result<DnsdOptions> MakeDnsdOptions(const options::Values& values) {
  DnsdOptions made{{}, ReadLive(values), values};
  auto resolver = ReadResolverOptions(values);
  if (!resolver.ok()) return resolver.status();
  made.live.resolver = std::move(resolver).value();
  made.start.resolver = ReadResolverStart(values);
  if (Status status = ReadPlaces(values, made.start); !status.ok()) return status;
  if (Status status = CheckOwnDomains(values, made); !status.ok()) return status;
  if (Status status = ReadSource(values, made.start); !status.ok()) return status;
  return made;
}

}  // namespace signpost::dnsd
