// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver_options.h"

#include <algorithm>

#include "common/options/text.h"

namespace signpost::dnsd {
namespace {

using options::Row;
using options::Rows;
using options::Type;
using options::Values;

constexpr uint16_t kDnsPort = 53;
constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 24 * 3600 * kSecond;
constexpr std::string_view kNone = "none";

// IPv6 addresses may stand without brackets where no port follows.
Result<net::SocketAddress> ReadServer(std::string_view text) {
  const bool bare_v6 = std::ranges::count(text, ':') > 1 && !text.starts_with('[');
  return net::SocketAddress::Parse(bare_v6 ? "[" + std::string(text) + "]" : std::string(text), kDnsPort);
}

std::string CheckServer(std::string_view text) {
  const auto server = ReadServer(text);
  if (!server.ok()) return "is wrong: " + server.status().text();
  const bool whole = !server.value().is_wildcard() && server.value().port() != 0;
  return whole ? "" : "must be the address of a name server, not " + options::Quoted(text);
}

std::string CheckUpstream(std::string_view text) { return text == kNone ? "" : CheckServer(text); }

std::string CheckDomain(std::string_view text) {
  return !text.empty() && wire::Name::FromText(text).ok() ? "" : "must be a domain name, not " + options::Quoted(text);
}

std::pair<std::string_view, std::string_view> Split(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, {}};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string CheckForward(std::string_view text) {
  const auto [zone, server] = Split(text);
  if (server.empty()) return "must be like corp.example=10.0.0.53, not " + options::Quoted(text);
  if (std::string complaint = CheckDomain(zone); !complaint.empty()) return complaint;
  if (zone == ".") return "must name a zone; --upstream is for all names";
  return CheckServer(server);
}

std::string CheckService(std::string_view text) {
  std::string labels;
  const bool one_label = wire::AppendLabels(text, labels) && text.find('.') == std::string_view::npos;
  return one_label ? "" : "must be the name of a service, not " + options::Quoted(text);
}

// It stands in the OPT record of answers, whose room it must not take.
std::string CheckIdentity(std::string_view text) {
  constexpr size_t kMaxIdentity = 64;
  return text.size() <= kMaxIdentity ? "" : "must have at most 64 characters";
}

std::string CheckZone(std::string_view text) {
  const auto [origin, file] = Split(text);
  if (file.empty()) return "must be like example.com=/etc/signpost/example.com.zone, not " + options::Quoted(text);
  return CheckDomain(origin);
}

std::string CheckPrefix(std::string_view text) {
  query::AddressSet set;
  const Status added = set.Add(text);
  return added.ok() ? "" : "is wrong: " + added.text();
}

Row ListRow(std::string_view name, std::string_view value, std::string_view help, std::string_view note,
            std::string (*check)(std::string_view)) {
  return {.name = name,
          .value = value,
          .help = help,
          .default_note = note,
          .repeatable = true,
          .reloadable = true,
          .check = check};
}

Row SwitchRow(std::string_view name, std::string_view help, std::string_view fallback) {
  return {.name = name, .type = Type::kBool, .help = help, .defaults = {fallback}, .bare = "true", .reloadable = true};
}

Row TimeRow(std::string_view name, std::string_view help, std::string_view fallback, int64_t max) {
  return {.name = name,
          .type = Type::kDuration,
          .value = "TIME",
          .help = help,
          .defaults = {fallback},
          .max = max,
          .reloadable = true};
}

Row NumberRow(std::string_view name, std::string_view help, std::string_view fallback, int64_t max) {
  return {.name = name,
          .type = Type::kInteger,
          .value = "N",
          .help = help,
          .defaults = {fallback},
          .max = max,
          .reloadable = true};
}

Rows ForwardRows() {
  return {
      ListRow("upstream", "ADDR[:PORT]", "Name server that all other names are forwarded to; none forwards nothing",
              "those of --resolv-conf", CheckUpstream),
      {.name = "resolv-conf",
       .value = "FILE",
       .help = "Where upstreams come from when none is given; followed when it changes",
       .defaults = {"/etc/resolv.conf"}},
      ListRow("forward", "ZONE=ADDR[:PORT]", "Name server for a zone and all below it; the longest zone counts", "none",
              CheckForward),
      ListRow("zone", "ORIGIN=FILE", "Master file to answer a zone from; read again on SIGHUP", "none", CheckZone),
      SwitchRow("local-zones",
                "Answer what must not leave the host: localhost, reverse names of private networks, .local", "true"),
      {.name = "allow-recursion",
       .value = "CIDR",
       .help = "Clients whose names are forwarded; local stands for loopback and private networks, any for everybody",
       .defaults = {"local"},
       .repeatable = true,
       .reloadable = true,
       .check = CheckPrefix},
      {.name = "cache-size",
       .type = Type::kInteger,
       .value = "BYTES",
       .help = "Most memory for forwarded answers",
       .defaults = {"33554432"},
       .min = 1 << 20,
       .max = int64_t{1} << 40},
      TimeRow("cache-min-ttl", "Keep forwarded answers at least this long", "0s", 3600 * kSecond),
      TimeRow("cache-max-ttl", "Keep forwarded answers at most this long", "24h", 7 * kDay),
      TimeRow("cache-max-negative-ttl", "Keep the knowledge that a name does not exist at most this long", "15m", kDay),
      TimeRow("max-stale-answer", "While no upstream answers, use forwarded answers this long past their end", "24h",
              30 * kDay),
      SwitchRow("prefetch", "Fetch forwarded answers that are asked for often before they end", "true"),
      SwitchRow("upstream-0x20",
                "Ask upstreams with letters of random case, which forged replies have to guess; left out where an "
                "upstream changes them",
                "false"),
      SwitchRow("upstream-cookies",
                "Send DNS cookies to upstreams, and take no datagram without from those that have any", "false"),
      SwitchRow("rebind-protection", "Drop private addresses from forwarded answers", "false"),
      ListRow("rebind-allow", "DOMAIN", "Domain whose names may have private addresses all the same", "none",
              CheckDomain),
  };
}

Rows ProtectionRows() {
  return {
      NumberRow("rate-limit",
                "UDP answers per second for each network that --allow-recursion does not name; 0 means no limit", "200",
                1'000'000),
      NumberRow("max-waiting-per-client", "Questions of one client that may wait at one time; 0 means no limit", "2048",
                1'000'000),
      SwitchRow("cookies", "Take part in DNS cookies", "true"),
      {.name = "any-policy",
       .type = Type::kWord,
       .value = "WORD",
       .help = "What static zones say to type ANY over UDP: one HINFO record, or all data",
       .defaults = {"hinfo"},
       .words = {"hinfo", "data"},
       .reloadable = true},
      {.name = "identity",
       .help = "What id.server, hostname.bind and NSID tell",
       .default_note = "they are refused",
       .reloadable = true,
       .check = CheckIdentity},
      SwitchRow("version-bind", "Tell the version to those who ask for version.bind", "false"),
      {.name = "user", .value = "NAME", .help = "User to become once all ports are bound", .default_note = "stay"},
      {.name = "seccomp",
       .type = Type::kBool,
       .help = "Have the kernel refuse the system calls that dnsd never makes",
       .defaults = {"true"},
       .bare = "true"},
      NumberRow("query-log", "Log one question in N; 0 means none", "0", 1'000'000'000),
      ListRow("query-log-name", "DOMAIN", "Log all questions about this name and those below it", "none", CheckDomain),
  };
}

Rows ExposureRows() {
  return {
      {.name = "public-domain",
       .value = "NAME",
       .help = "Answer <service>.NAME for services tagged http with the addresses of --public-service",
       .default_note = "none",
       .reloadable = true,
       .check = CheckDomain},
      {.name = "public-service",
       .value = "NAME",
       .help = "Service that balances for the public domain",
       .defaults = {"lb"},
       .reloadable = true,
       .check = CheckService},
      SwitchRow("dns-sd", "Let clients browse the catalog by DNS-SD", "true"),
  };
}

std::chrono::seconds Seconds(const Values& values, std::string_view name) {
  return std::chrono::duration_cast<std::chrono::seconds>(values.Duration(name));
}

std::vector<wire::Name> Names(const Values& values, std::string_view option) {
  std::vector<wire::Name> names;
  for (const std::string& text : values.List(option)) names.push_back(wire::Name::FromText(text).value());
  return names;
}

Status ReadUpstreams(const Values& values, ResolverOptions& read) {
  const auto& upstreams = values.List("upstream");
  read.upstreams_from_file = upstreams.empty();
  const bool none = std::ranges::find(upstreams, kNone) != upstreams.end();
  if (none && upstreams.size() > 1) return values.Refuse("upstream", "says none beside a name server; leave one out");
  if (!none) {
    for (const std::string& text : upstreams) read.upstreams.push_back(ReadServer(text).value());
  }
  for (const std::string& text : values.List("forward")) {
    const auto [zone_text, server_text] = Split(text);
    const wire::Name zone = wire::Name::FromText(zone_text).value();
    const auto same = [&](const auto& known) { return std::ranges::equal(known.first.wire(), zone.wire()); };
    auto known = std::ranges::find_if(read.forward, same);
    if (known == read.forward.end()) known = read.forward.insert(known, {zone, {}});
    known->second.push_back(ReadServer(server_text).value());
  }
  return Status::Ok();
}

Status ReadZones(const Values& values, ResolverOptions& read) {
  for (const std::string& text : values.List("zone")) {
    const auto [origin, file] = Split(text);
    const wire::Name name = wire::Name::FromText(origin).value();
    const auto same = [&](const auto& known) {
      return std::ranges::equal(wire::Name::FromText(known.first).value().wire(), name.wire());
    };
    if (std::ranges::any_of(read.zones, same)) {
      return values.Refuse("zone", "names " + options::Quoted(origin) + " twice");
    }
    read.zones.emplace_back(origin, file);
  }
  return Status::Ok();
}

void ReadProtection(const Values& values, ResolverOptions& read) {
  read.rate_limit = static_cast<uint32_t>(values.Integer("rate-limit"));
  read.max_waiting_per_client = static_cast<uint32_t>(values.Integer("max-waiting-per-client"));
  read.cookies = values.Flag("cookies");
  read.any = values.String("any-policy") == "data" ? static_zone::AnyPolicy::kData : static_zone::AnyPolicy::kHinfo;
  read.identity = values.String("identity");
  read.version_bind = values.Flag("version-bind");
  read.query_log = static_cast<uint32_t>(values.Integer("query-log"));
  read.query_log_names = Names(values, "query-log-name");
}

}  // namespace

Rows ResolverRows() {
  Rows rows = ForwardRows();
  for (const Rows& more : {ExposureRows(), ProtectionRows()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

ResolverStartOptions ReadResolverStart(const Values& values) {
  return {.resolv_conf = values.String("resolv-conf"),
          .cache_size = static_cast<size_t>(values.Integer("cache-size")),
          .user = values.String("user"),
          .seccomp = values.Flag("seccomp")};
}

Result<ResolverOptions> ReadResolverOptions(const Values& values) {
  ResolverOptions read;
  if (Status status = ReadUpstreams(values, read); !status.ok()) return status;
  if (Status status = ReadZones(values, read); !status.ok()) return status;
  read.local_zones = values.Flag("local-zones");
  for (const std::string& cidr : values.List("allow-recursion")) {
    if (Status added = read.recursion.Add(cidr); !added.ok()) return added;
  }
  read.cache_min_ttl = Seconds(values, "cache-min-ttl");
  read.cache_max_ttl = Seconds(values, "cache-max-ttl");
  if (read.cache_min_ttl > read.cache_max_ttl) return values.Refuse("cache-min-ttl", "is above --cache-max-ttl");
  read.cache_max_negative_ttl = Seconds(values, "cache-max-negative-ttl");
  read.max_stale_answer = values.Duration("max-stale-answer");
  read.prefetch = values.Flag("prefetch");
  read.upstream_0x20 = values.Flag("upstream-0x20");
  read.upstream_cookies = values.Flag("upstream-cookies");
  read.rebind_protection = values.Flag("rebind-protection");
  read.rebind_allow = Names(values, "rebind-allow");
  ReadProtection(values, read);
  read.public_domain = values.String("public-domain");
  read.public_service = wire::ToLower(values.String("public-service"));
  read.dns_sd = values.Flag("dns-sd");
  return read;
}

}  // namespace signpost::dnsd
