// Signpost. Apache-2.0; see LICENSE.
// Everything about names that are not the catalog's: static zones, routes and upstreams, the resolver's thread, and the
// policy that the workers answer by. Control thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/query/policy.h"
#include "dnsd/resolver/resolv_conf.h"
#include "dnsd/resolver/resolver.h"
#include "dnsd/resolver_options.h"
#include "dnsd/static_zone/zone.h"
#include "dnsd/worker.h"

namespace signpost::dnsd {

// The operator's zones, and the built-in ones if wanted; each file is read. kConfig has file, line and what is wrong.
// Warnings are logged.
Result<std::shared_ptr<const static_zone::ZoneSet>> LoadZones(const ResolverOptions& options);

class Forwarding {
 public:
  // `workers` outlive it. `own_domains`: the catalog's, never forwarded and never believed from upstream.
  Forwarding(net::Loop& loop, std::vector<std::unique_ptr<Worker>>& workers, const ResolverStartOptions& start,
             std::vector<wire::Name> own_domains);
  ~Forwarding();
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

  // How much of --cache-size each of so many workers may use; the resolver has the other half.
  static size_t CacheShare(const ResolverStartOptions& start, size_t workers);
  // What a worker's hooks call; any thread.
  void Ask(size_t worker, resolver::Question question);
  void Refresh(resolver::Question question);
  void OnProbe(std::string_view label);

  // Once, before the workers start: `listen` is where they are bound.
  void Start(ResolverOptions options, std::shared_ptr<const static_zone::ZoneSet> zones,
             std::vector<net::SocketAddress> listen);
  // SIGHUP.
  void Apply(ResolverOptions options, std::shared_ptr<const static_zone::ZoneSet> zones);
  void Stop();
  // Drops forwarded answers about `name`, with `tree` about what lies below it too; the root with `tree`: all. `done`
  // runs on one of the threads when none has them any more.
  void Flush(const wire::Name& name, bool tree, std::function<void()> done);

  const query::Policy& policy() const { return *policy_; }
  const resolver::Resolver* resolver() const { return resolver_.get(); }
  resolver::Resolver* resolver() { return resolver_.get(); }

 private:
  void Publish();
  std::shared_ptr<const resolver::Routes> MakeRoutes();
  uint32_t RouteId(const wire::Name& zone, const std::vector<net::SocketAddress>& servers);
  std::shared_ptr<const query::Policy> MakePolicy(std::shared_ptr<const resolver::Routes> routes) const;
  resolver::ResolverSettings MakeSettings(std::shared_ptr<const resolver::Routes> routes) const;
  resolver::ReplyRules MakeRules(const resolver::Routes& routes) const;
  void RotateCookieKeys();

  net::Loop& loop_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  const std::vector<wire::Name> own_domains_;
  const std::string resolv_conf_;
  const size_t cache_bytes_;
  ResolverOptions options_;
  std::shared_ptr<const static_zone::ZoneSet> zones_;
  std::vector<net::SocketAddress> listen_;
  std::vector<std::pair<std::string, uint32_t>> route_ids_;  // what a route is, in text; ids are never used again
  query::CookieKeys cookie_keys_;
  net::Timer rotate_;
  std::shared_ptr<const query::Policy> policy_;
  std::unique_ptr<resolver::ResolvConfWatch> watch_;
  std::unique_ptr<resolver::Resolver> resolver_;
};

}  // namespace signpost::dnsd
