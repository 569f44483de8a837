// Signpost. Apache-2.0; see LICENSE.
// Consul's HTTP API over the registry: finds the endpoint, checks access and parameters, lets reads block, and holds
// every answer back until what it shows, or what it changed, is on disk and in the answers of DNS. Control thread only.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "common/base/random.h"
#include "common/http/server.h"
#include "dnsd/registry/api/access.h"
#include "dnsd/registry/api/read_cache.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/engine/engine.h"

namespace signpost::registry {

class Api {
 public:
  // `engine` outlives the API.
  Api(Engine& engine, AccessRules access);
  ~Api();  // blocked requests are dropped
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  void Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder);
  void SetAccess(AccessRules access) { access_ = std::move(access); }
  // Requests that wait for a change.
  size_t blocked() const { return blocked_.size(); }

 private:
  struct Exchange;
  using ExchangePtr = std::shared_ptr<Exchange>;

  void Run(const ExchangePtr& exchange);
  void RunWrite(const ExchangePtr& exchange);
  void RunRead(const ExchangePtr& exchange, bool may_wait);
  ReadCache::Entry Evaluate(Exchange& exchange);
  void Block(const ExchangePtr& exchange, const Answer& answer);
  void Unblock(const ExchangePtr& exchange);
  void OnTouched(Exchange* exchange);
  void Send(const ExchangePtr& exchange, ReadCache::Entry entry);

  Engine& engine_;
  AccessRules access_;
  const Routes routes_;
  ReadCache cache_;
  Random random_;
  std::unordered_map<Exchange*, ExchangePtr> blocked_;
};

}  // namespace signpost::registry
