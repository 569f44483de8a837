// Signpost. Apache-2.0; see LICENSE.
#include "lb/dns_options.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <tuple>

#include "common/options/text.h"

namespace signpost::lb {
namespace {

using options::Rows;
using options::Type;
using options::Values;

constexpr uint16_t kDnsPort = 53;
constexpr const char* kBrowse = "service.consul";
constexpr int64_t kHour = 3'600'000;

options::Row TimeRow(std::string_view name, std::string_view help, std::string_view fallback, int64_t min = 1) {
  return {.name = name,
          .type = Type::kDuration,
          .value = "TIME",
          .help = help,
          .defaults = {fallback},
          .min = min,
          .max = 24 * kHour,
          .reloadable = true};
}

bool IsName(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  size_t label = 0;
  for (const char c : name) {
    if (c == '.' && label == 0) return false;
    label = c == '.' ? 0 : label + 1;
    const bool known = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    if (!known || label > 63) return false;
  }
  return label > 0;
}

std::string CheckServer(std::string_view text) {
  const auto address = net::SocketAddress::Parse(text, kDnsPort);
  return address.ok() ? "" : "is wrong: " + address.status().text();
}

std::string CheckDnsName(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals != std::string_view::npos && equals > 0 && IsName(text.substr(equals + 1))) return "";
  return "must be SERVICE=NAME such as web=_web._tcp.example.com, not " + options::Quoted(text);
}

std::string CheckDomain(std::string_view text) {
  return text.empty() || IsName(text) ? ""
                                      : "must be a domain name such as service.consul, not " + options::Quoted(text);
}

}  // namespace

Rows DnsRows() {
  return {
      {.name = "dns",
       .value = "ADDR:PORT",
       .help = "Name server for SRV records, asked in the order given; Consul's port is 8600",
       .default_note = "none",
       .repeatable = true,
       .reloadable = true,
       .check = CheckServer},
      {.name = "dns-name",
       .type = Type::kTextMap,
       .value = "SERVICE=NAME",
       .help = "A service and the name of its SRV records",
       .default_note = "none",
       .reloadable = true,
       .check = CheckDnsName},
      {.name = "dns-browse",
       .value = "DOMAIN",
       .help = "Domain whose services are found by DNS-SD (RFC 6763)",
       .default_note = "service.consul when nothing else says what to balance",
       .reloadable = true,
       .check = CheckDomain},
      TimeRow("dns-browse-interval", "How often services are looked for", "5s", 100),
      TimeRow("dns-min-interval", "Least time between two questions for one name, whatever the TTL", "1s", 100),
      TimeRow("dns-max-interval", "Most time between two questions for one name, whatever the TTL", "60s", 100),
      TimeRow("dns-timeout", "Time that one name server has for one answer", "1s", 10),
      TimeRow("dns-hold-empty", "Keep the endpoints of a name that does not exist any more for this long", "30s", 0),
      TimeRow("dns-confirm-loss", "Ask again after this time before believing that most endpoints are gone", "5s", 0),
      TimeRow("dns-subset-hold", "Keep endpoints that some answers lack for this long (rotating subsets)", "30s", 0),
      {.name = "dns-max-stale",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "While no name server answers, keep the last endpoints for this long; 0s means for ever",
       .defaults = {"0s"},
       .max = 10 * 8766 * kHour,
       .reloadable = true},
      {.name = "dns-edns-size",
       .type = Type::kInteger,
       .value = "N",
       .help = "Largest UDP answer asked for",
       .defaults = {"1232"},
       .min = 512,
       .max = 4096,
       .reloadable = true},
      {.name = "dns-tcp-domain",
       .value = "NAME",
       .help =
           "Domain of Consul, whose UDP answers are cut without a sign: below it only TCP is used; empty means none",
       .defaults = {"consul"},
       .reloadable = true,
       .check = CheckDomain},
      {.name = "dns-ipv6",
       .type = Type::kBool,
       .help = "Use IPv6 addresses of targets too",
       .defaults = {"true"},
       .bare = "true",
       .reloadable = true},
  };
}

Result<DnsOptions> ReadDnsOptions(const Values& values, const FileConfig& config) {
  DnsOptions dns;
  for (const std::string& text : values.List("dns")) {
    dns.servers.push_back(net::SocketAddress::Parse(text, kDnsPort).value());
  }
  for (const auto& [service, name] : values.TextMap("dns-name"))
    dns.names.push_back({.service = service, .name = name});
  for (const auto& [name, service] : config.services) {
    if (!service.from_dns) continue;
    if (std::ranges::find(dns.names, service.dns.service, &DnsName::service) != dns.names.end()) {
      return values.Refuse("dns-name",
                           "names " + options::Quoted(name) + ", which \"services\" has with \"dns\" as well");
    }
    dns.names.push_back(service.dns);
  }
  dns.browse = values.String("dns-browse");
  const bool alone = !dns.servers.empty() && dns.names.empty() && config.services.empty() && !values.Given("consul");
  if (alone && dns.browse.empty()) dns.browse = kBrowse;  // what dnsd serves
  if (dns.servers.empty() && !dns.browse.empty()) return values.Refuse("dns-browse", "needs --dns as well");
  if (dns.servers.empty() && !dns.names.empty()) {
    return Status::Config("service " + options::Quoted(dns.names.front().service) +
                          " comes from DNS, which needs --dns");
  }
  dns.browse_interval = values.Duration("dns-browse-interval");
  dns.min_interval = values.Duration("dns-min-interval");
  dns.max_interval = values.Duration("dns-max-interval");
  if (dns.max_interval < dns.min_interval) {
    return values.Refuse("dns-max-interval", "must not be shorter than --dns-min-interval");
  }
  dns.timeout = values.Duration("dns-timeout");
  dns.hold_empty = values.Duration("dns-hold-empty");
  dns.confirm_loss = values.Duration("dns-confirm-loss");
  dns.subset_hold = values.Duration("dns-subset-hold");
  dns.max_stale = values.Duration("dns-max-stale");
  dns.edns_size = static_cast<uint16_t>(values.Integer("dns-edns-size"));
  dns.tcp_domain = values.String("dns-tcp-domain");
  dns.ipv6 = values.Flag("dns-ipv6");
  return dns;
}

namespace {

auto NameKey(const DnsName& name) { return std::tie(name.service, name.name, name.port, name.tags, name.versions); }

auto TuningKey(const DnsOptions& dns) {
  return std::tie(dns.browse, dns.browse_interval, dns.min_interval, dns.max_interval, dns.timeout, dns.hold_empty,
                  dns.confirm_loss, dns.subset_hold, dns.max_stale, dns.edns_size, dns.tcp_domain, dns.ipv6);
}

}  // namespace

bool SameDns(const DnsOptions& a, const DnsOptions& b) {
  const auto same_name = [](const DnsName& x, const DnsName& y) { return NameKey(x) == NameKey(y); };
  return TuningKey(a) == TuningKey(b) &&
         std::equal(a.servers.begin(), a.servers.end(), b.servers.begin(), b.servers.end()) &&
         std::equal(a.names.begin(), a.names.end(), b.names.begin(), b.names.end(), same_name);
}

}  // namespace signpost::lb
