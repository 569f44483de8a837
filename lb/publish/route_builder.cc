// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/route_builder.h"

#include <utility>

#include "lb/publish/config_value.h"

namespace signpost::lb {
namespace {

uint16_t PortOf(const TcpRouteConfig& route) {
  if (route.address.empty()) return route.port;
  const auto address = net::SocketAddress::Parse(route.address, 0);
  return address.ok() ? address.value().port() : route.port;
}

class Builder {
 public:
  Builder(const PublishOptions& options, const SlotOf& slot_of) : options_(options), slot_of_(slot_of) {}

  void HttpListeners() {
    for (const auto& address : options_.http_listen) Listen(address, ListenerKind::kHttp);
    for (const auto& address : options_.http_listen_proxy) {
      if (ListenerPlan* plan = Listen(address, ListenerKind::kHttp)) plan->accept_proxy = true;
    }
  }

  void Http(HttpRoute route, const std::string& tag) {
    if (route.redirect == 0) route.slot = slot_of_(route.service, tag);
    parts_.http.push_back(std::move(route));
  }

  // By all routes of the file that have one address: several names make it a listener that looks at them.
  void Tcp(const TcpRouteConfig& route) {
    for (const net::SocketAddress& address : Addresses(route.address, route.port)) {
      const std::string key = address.ToString();
      const auto known = configured_.find(key);
      ListenerPlan* plan =
          known == configured_.end() ? Listen(address, ListenerKind::kTcp) : &parts_.listeners[known->second];
      if (plan == nullptr) {
        Refuse("the config file's route to service " + QuotedText(route.service), key);
        continue;
      }
      if (known == configured_.end()) configured_[key] = parts_.listeners.size() - 1;
      AddService(*plan, route);
    }
  }

  void Tcp(const OwnerBook::Holding& holding) {
    for (const net::SocketAddress& address : Addresses(holding.claim.address, holding.claim.port)) {
      ListenerPlan* plan = Listen(address, ListenerKind::kTcp);
      if (plan == nullptr) {
        Refuse("service " + QuotedText(holding.service), address.ToString());
        continue;
      }
      plan->service = holding.service;
      plan->slot = slot_of_(holding.service, holding.claim.tag);
      plan->lingering = holding.released.has_value();
    }
  }

  RouteParts Take() { return std::move(parts_); }

 private:
  void Refuse(const std::string& who, const std::string& address) {
    parts_.refused.push_back(who + " is not served at " + address + ", where another listener is");
  }

  // Null if that address has a listener already.
  ListenerPlan* Listen(const net::SocketAddress& address, ListenerKind kind) {
    if (!taken_.insert(address.ToString()).second) return nullptr;
    ListenerPlan& plan = parts_.listeners.emplace_back();
    plan.address = address;
    plan.kind = kind;
    return &plan;
  }

  void AddService(ListenerPlan& plan, const TcpRouteConfig& route) {
    const uint32_t slot = slot_of_(route.service, "");
    const bool first = plan.service.empty() && plan.sni.empty();
    plan.accept_proxy = route.accept_proxy;
    if (first && route.sni.empty()) {
      plan.service = route.service;
      plan.slot = slot;
      return;
    }
    plan.kind = ListenerKind::kSni;
    if (!plan.service.empty()) plan.sni.push_back({"*", plan.slot});
    plan.service.clear();
    plan.sni.push_back({route.sni.empty() ? "*" : route.sni, slot});
  }

  std::vector<net::SocketAddress> Addresses(const std::string& address, uint16_t port) const {
    std::vector<net::SocketAddress> addresses;
    if (!address.empty()) {
      if (auto parsed = net::SocketAddress::Parse(address, 0); parsed.ok()) addresses.push_back(parsed.value());
      return addresses;
    }
    for (net::SocketAddress bind : options_.tcp_bind) {
      bind.set_port(port);
      addresses.push_back(bind);
    }
    return addresses;
  }

  const PublishOptions& options_;
  const SlotOf& slot_of_;
  RouteParts parts_;
  std::set<std::string> taken_;
  std::map<std::string, size_t> configured_;  // address to its place in listeners
};

}  // namespace

RouteParts BuildRoutes(const PublishOptions& options, const FileConfig& config,
                       const std::map<std::string, OwnerBook::Holding>& holdings, const SlotOf& slot_of) {
  Builder builder(options, slot_of);
  builder.HttpListeners();
  for (const HttpRoute& route : config.http) builder.Http(route, "");
  for (const TcpRouteConfig& route : config.tcp) builder.Tcp(route);
  for (const auto& [resource, holding] : holdings) {
    if (holding.claim.is_tcp) {
      builder.Tcp(holding);
    } else {
      builder.Http(holding.claim.http, holding.claim.tag);
    }
  }
  if (!options.default_service.empty()) {
    HttpRoute route;
    route.host = "*";
    route.service = options.default_service;
    builder.Http(std::move(route), "");
  }
  return builder.Take();
}

std::set<std::string> ReservedResources(const FileConfig& config) {
  std::set<std::string> reserved;
  for (const HttpRoute& route : config.http) reserved.insert(HttpResource(route.host, route.path));
  for (const TcpRouteConfig& route : config.tcp) reserved.insert(PortResource(PortOf(route)));
  return reserved;
}

ExposureRules RulesOf(const PublishOptions& options) {
  ExposureRules rules;
  rules.public_domain = LowerAscii(options.public_domain);
  if (rules.public_domain.ends_with('.')) rules.public_domain.pop_back();
  rules.short_names = options.short_names;
  rules.fabio_tags = options.fabio_tags;
  rules.denied_ports.insert(options.denied_ports.begin(), options.denied_ports.end());
  for (const auto& address : options.http_listen) rules.denied_ports.insert(address.port());
  for (const auto& address : options.http_listen_proxy) rules.denied_ports.insert(address.port());
  return rules;
}

}  // namespace signpost::lb
