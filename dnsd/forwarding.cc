// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/forwarding.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

#include "common/base/log.h"
#include "common/net/interfaces.h"
#include "dnsd/static_zone/local_zones.h"
#include "dnsd/version.h"

namespace signpost::dnsd {
namespace {

// Secrets that are guessed from many answers are worth little after a day; cookies live an hour (RFC 9018 4.3).
constexpr Millis kCookieKeyLife = std::chrono::hours(24);

std::string Folded(const wire::Name& name) { return std::string(resolver::NameBytes(name)); }

wire::Name RootName() {
  static constexpr uint8_t kRoot[] = {0};
  wire::Name root;
  root.Read(kRoot);
  return root;
}

// By these an answer would be read as before. Whose the zones are may change: answers about names in them go with their
// routes.
bool SameReading(const resolver::ReplyRules& a, const resolver::ReplyRules& b) {
  const auto of = [](const resolver::ReplyRules& r) {
    return std::tie(r.max_ttl, r.min_ttl, r.max_negative_ttl, r.rebind_protection, r.rebind_allowed);
  };
  return of(a) == of(b);
}

}  // namespace

Result<std::shared_ptr<const static_zone::ZoneSet>> LoadZones(const ResolverOptions& options) {
  auto zones = std::make_shared<static_zone::ZoneSet>();
  if (options.local_zones) {
    for (const auto& zone : static_zone::LocalZones()) zones->Add(zone);
  }
  for (const auto& [origin, path] : options.zones) {
    auto file = dns::ReadZoneFile(path, origin);
    if (!file.ok()) return Status::Config("--zone " + origin + ": " + file.status().text());
    std::vector<std::string> warnings;
    auto zone = static_zone::Zone::Make(origin, file.value(), /*built_in=*/false, &warnings);
    if (!zone.ok()) return Status::Config("--zone " + origin + ": " + zone.status().text());
    const std::string prefix = "zone " + origin + ": ";
    for (const std::string& warning : warnings) LogWarn(prefix + warning);
    zones->Add(std::move(zone).value());
  }
  return std::shared_ptr<const static_zone::ZoneSet>(std::move(zones));
}

Forwarding::Forwarding(net::Loop& loop, std::vector<std::unique_ptr<Worker>>& workers,
                       const ResolverStartOptions& start, std::vector<wire::Name> own_domains)
    : loop_(loop),
      workers_(workers),
      own_domains_(std::move(own_domains)),
      resolv_conf_(start.resolv_conf),
      cache_bytes_(start.cache_size / 2),
      rotate_(loop, [this] { RotateCookieKeys(); }) {}

Forwarding::~Forwarding() { Stop(); }

size_t Forwarding::CacheShare(const ResolverStartOptions& start, size_t workers) {
  return start.cache_size / 2 / std::max<size_t>(workers, 1);
}

void Forwarding::Ask(size_t worker, resolver::Question question) { resolver_->Ask(worker, std::move(question)); }
void Forwarding::Refresh(resolver::Question question) { resolver_->Prefetch(std::move(question)); }
void Forwarding::OnProbe(std::string_view label) { resolver_->OnProbeSeen(label); }

void Forwarding::Start(ResolverOptions options, std::shared_ptr<const static_zone::ZoneSet> zones,
                       std::vector<net::SocketAddress> listen) {
  options_ = std::move(options);
  zones_ = std::move(zones);
  listen_ = std::move(listen);
  watch_ =
      std::make_unique<resolver::ResolvConfWatch>(loop_, resolv_conf_, [this](const std::vector<net::SocketAddress>&) {
        if (!options_.upstreams_from_file) return;
        LogInfo("the name servers of " + resolv_conf_ + " have changed");
        Publish();
      });
  const auto routes = MakeRoutes();
  if (!routes->has_default() && options_.upstreams_from_file) {
    LogWarn(resolv_conf_ + " names no other name server: names outside " + own_domains_.front().ToString() +
            " are refused; name one with --upstream");
  }
  resolver_ = std::make_unique<resolver::Resolver>(
      SystemClock(), MakeSettings(routes), cache_bytes_,
      [this](size_t worker, const resolver::Settled& settled) { workers_[worker]->Deliver(settled); });
  policy_ = MakePolicy(routes);
  for (const auto& worker : workers_) worker->SetPolicy(policy_, resolver_->hop());
  resolver_->Start();
  rotate_.StartPeriodic(kCookieKeyLife);
}

void Forwarding::Apply(ResolverOptions options, std::shared_ptr<const static_zone::ZoneSet> zones) {
  const resolver::ReplyRules before = MakeRules(*policy_->routes);
  options_ = std::move(options);
  zones_ = std::move(zones);
  Publish();
  if (!SameReading(before, MakeRules(*policy_->routes))) Flush(RootName(), /*tree=*/true, [] {});
}

void Forwarding::Stop() {
  watch_.reset();
  rotate_.Stop();
  if (resolver_) resolver_->Stop();
}

void Forwarding::Publish() {
  const auto routes = MakeRoutes();
  resolver_->SetSettings(MakeSettings(routes));
  policy_ = MakePolicy(routes);
  for (const auto& worker : workers_) worker->SetPolicy(policy_, resolver_->hop());
}

void Forwarding::RotateCookieKeys() {
  cookie_keys_ = cookie_keys_.Rotated();
  policy_ = MakePolicy(policy_->routes);
  for (const auto& worker : workers_) worker->SetPolicy(policy_, resolver_->hop());
}

std::shared_ptr<const resolver::Routes> Forwarding::MakeRoutes() {
  const auto host_addresses = net::HostAddresses();
  std::vector<resolver::Route> routes;
  const auto add = [&](const wire::Name& zone, std::vector<net::SocketAddress> servers) {
    const size_t named = servers.size();
    servers = resolver::WithoutOwn(std::move(servers), listen_, host_addresses);
    if (servers.size() < named) {
      LogWarn("an upstream for " + zone.ToString() + " that is this dnsd itself is left out" +
              (servers.empty() ? "; there is no other: its names cannot be asked for" : ""));
    }
    if (servers.empty() && zone.label_count() == 0) return;
    const uint32_t id = RouteId(zone, servers);
    routes.push_back({zone, std::move(servers), id});
  };
  for (const auto& [zone, servers] : options_.forward) add(zone, servers);
  add(RootName(), options_.upstreams_from_file ? watch_->servers() : options_.upstreams);
  return std::make_shared<const resolver::Routes>(std::move(routes));
}

// The same route after a reload keeps its id, and with it the answers that came by it (F82).
uint32_t Forwarding::RouteId(const wire::Name& zone, const std::vector<net::SocketAddress>& servers) {
  std::string text = zone.ToString();
  for (const net::SocketAddress& server : servers) text += " " + server.ToString();
  const auto known = std::ranges::find(route_ids_, text, [](const auto& pair) { return pair.first; });
  if (known != route_ids_.end()) return known->second;
  const uint32_t id = route_ids_.empty() ? 1 : route_ids_.back().second + 1;
  constexpr size_t kMaxKnown = 4096;  // a resolv.conf that flaps for years
  if (route_ids_.size() == kMaxKnown) route_ids_.erase(route_ids_.begin());
  route_ids_.emplace_back(std::move(text), id);
  return id;
}

std::shared_ptr<const query::Policy> Forwarding::MakePolicy(std::shared_ptr<const resolver::Routes> routes) const {
  auto policy = std::make_shared<query::Policy>();
  policy->routes = std::move(routes);
  policy->zones = zones_;
  policy->recursion = options_.recursion;
  // The kernel spreads a network's questions over all loops.
  const auto loops = static_cast<uint32_t>(std::max<size_t>(workers_.size(), 1));
  const auto share = [loops](uint32_t all) { return all == 0 ? 0 : std::max(1U, all / loops); };
  policy->responses_per_second = share(options_.rate_limit);
  policy->cookies = options_.cookies;
  policy->cookie_keys = cookie_keys_;
  policy->any = options_.any;
  if (!options_.public_domain.empty()) {
    policy->exposure = query::Exposure{.domain = wire::Name::FromText(options_.public_domain).value(),
                                       .balancer = options_.public_service,
                                       .by_upstreams = !options_.rebind_protection};
  }
  policy->identity = options_.identity;
  if (options_.version_bind) policy->version = std::string("Signpost dnsd ") + kVersion;
  policy->log = {.one_in = options_.query_log, .names = options_.query_log_names};
  policy->max_waiting_per_client = share(options_.max_waiting_per_client);
  return policy;
}

resolver::ResolverSettings Forwarding::MakeSettings(std::shared_ptr<const resolver::Routes> routes) const {
  resolver::ResolverSettings settings;
  settings.rules = MakeRules(*routes);
  settings.routes = std::move(routes);
  settings.max_stale = options_.max_stale_answer;
  settings.prefetch = options_.prefetch;
  settings.defences = {.mixed_case = options_.upstream_0x20, .cookies = options_.upstream_cookies};
  settings.own_addresses = listen_;
  return settings;
}

// Whose a name is, as query::Sources sees it: the catalog's before all others, then by the longest zone.
resolver::ReplyRules Forwarding::MakeRules(const resolver::Routes& routes) const {
  const auto seconds = [](std::chrono::seconds s) { return static_cast<uint32_t>(s.count()); };
  resolver::ReplyRules rules{.max_ttl = seconds(options_.cache_max_ttl),
                             .min_ttl = seconds(options_.cache_min_ttl),
                             .max_negative_ttl = seconds(options_.cache_max_negative_ttl),
                             .rebind_protection = options_.rebind_protection};
  for (const wire::Name& name : options_.rebind_allow) rules.rebind_allowed.insert(Folded(name));
  for (const resolver::Route& route : routes.all()) {
    const auto has = [&](const wire::Name& domain) { return route.zone.EndsWith(domain); };
    if (route.zone.label_count() > 0 && std::ranges::none_of(own_domains_, has))
      rules.routed.insert(Folded(route.zone));
  }
  for (const wire::Name& name : own_domains_) rules.own_zones.insert(Folded(name));
  for (const auto& zone : zones_->all()) {
    const std::string origin = Folded(zone->origin());
    if (!zone->built_in() || !rules.routed.contains(origin)) rules.own_zones.insert(origin);
  }
  return rules;
}

// The workers come second: what the resolver had told them before is in their queues by then.
void Forwarding::Flush(const wire::Name& name, bool tree, std::function<void()> done) {
  resolver_->Flush(Folded(name), tree, [this, text = Folded(name), tree, done = std::move(done)] {
    const auto left = std::make_shared<std::atomic<size_t>>(workers_.size());
    for (const auto& worker : workers_) {
      worker->Flush(text, tree, [left, done] {
        if (left->fetch_sub(1) == 1) done();
      });
    }
  });
}

}  // namespace signpost::dnsd
