// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/exposure.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "lb/publish/config_value.h"
#include "lb/publish/fabio_tags.h"

namespace signpost::lb {
namespace {

bool SameRoute(const HttpRoute& a, const HttpRoute& b) {
  return a.host == b.host && a.path == b.path && a.service == b.service && a.strip == b.strip &&
         a.prepend == b.prepend && a.send_host == b.send_host && a.redirect == b.redirect &&
         a.redirect_to == b.redirect_to;
}

// "redis-6379" -> 6379. Nothing without a dash and digits; 0 for a number that is no port.
std::optional<uint16_t> PortOfName(std::string_view service) {
  const size_t dash = service.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = service.substr(dash + 1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && digits.front() != '0' ? port : uint16_t{0};
}

class Reader {
 public:
  Reader(const std::string& service, const ExposureRules& rules) : service_(service), rules_(rules) {}

  void Read(const std::string& tag) {
    if (tag == "http") return ReadHttp();
    if (tag == "tcp") return ReadTcp();
    if (rules_.fabio_tags && tag.starts_with(kFabioPrefix)) ReadFabio(tag);
  }
  Exposure Take() { return std::move(exposure_); }

 private:
  void Warn(const std::string& text) { exposure_.warnings.push_back("service " + QuotedText(service_) + " " + text); }

  void Add(Claim claim) {
    const auto same = [&](const Claim& other) { return other.resource == claim.resource; };
    if (std::none_of(exposure_.claims.begin(), exposure_.claims.end(), same))
      exposure_.claims.push_back(std::move(claim));
  }

  void AddHttp(const std::string& tag, HttpRoute route) {
    Claim claim;
    claim.resource = HttpResource(route.host, route.path);
    claim.tag = tag;
    claim.http = std::move(route);
    claim.http.service = service_;
    Add(std::move(claim));
  }

  void AddTcp(const std::string& tag, const std::string& address, uint16_t port) {
    if (rules_.denied_ports.contains(port)) {
      return Warn("asks for port " + std::to_string(port) + ", which tags may not open");
    }
    Claim claim;
    claim.resource = PortResource(port);  // at one address or at all: who has the port has it everywhere
    claim.tag = tag;
    claim.is_tcp = true;
    claim.http.service = service_;
    claim.address = address;
    claim.port = port;
    const auto other = [&](const Claim& known) { return known.resource == claim.resource && known.address != address; };
    if (std::any_of(exposure_.claims.begin(), exposure_.claims.end(), other)) {
      return Warn("asks for port " + std::to_string(port) + " at several addresses, of which the first counts");
    }
    Add(std::move(claim));
  }

  void ReadHttp() {
    if (rules_.public_domain.empty()) return;
    const std::string label = HostLabel(service_);
    if (label.empty()) return Warn("has tag http, but its name cannot be part of a host name");
    HttpRoute route;
    route.host = label + "." + rules_.public_domain;
    if (route.host.size() > 253) return Warn("has tag http, but its host name would be too long");
    AddHttp("http", route);
    route.host = label;
    if (rules_.short_names) AddHttp("http", route);
  }

  void ReadTcp() {
    const auto port = PortOfName(service_);
    if (!port) return Warn("has tag tcp, but its name does not end in a dash and a port, like redis-6379");
    if (*port == 0) return Warn("has tag tcp, but the number in its name is no port");
    AddTcp("tcp", "", *port);
  }

  void ReadFabio(const std::string& tag) {
    auto route = ParseFabioTag(tag);
    if (!route.ok()) return Warn("has the tag " + QuotedText(tag) + ", which " + route.status().text());
    if (!route->ignored.empty()) Warn("has the tag " + QuotedText(tag) + ", of which is ignored: " + route->ignored);
    if (route->is_tcp) return AddTcp(tag, route->address, route->port);
    AddHttp(tag, std::move(route->http));
  }

  const std::string& service_;
  const ExposureRules& rules_;
  Exposure exposure_;
};

}  // namespace

bool operator==(const Claim& a, const Claim& b) {
  return a.resource == b.resource && a.tag == b.tag && a.is_tcp == b.is_tcp && SameRoute(a.http, b.http) &&
         a.address == b.address && a.port == b.port;
}

std::string HostLabel(std::string_view service) {
  std::string label = LowerAscii(service);
  std::replace(label.begin(), label.end(), '_', '-');
  const bool usable = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                      std::all_of(label.begin(), label.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  return usable ? label : "";
}

std::string HttpResource(std::string_view host, std::string_view path) {
  return "host " + std::string(host) + (path == "/" ? "" : std::string(path));
}

std::string PortResource(uint16_t port) { return "port " + std::to_string(port); }

Exposure ExposureOf(const std::string& service, const std::vector<std::string>& tags, const ExposureRules& rules) {
  Reader reader(service, rules);
  for (const std::string& tag : tags) reader.Read(tag);
  return reader.Take();
}

}  // namespace signpost::lb
