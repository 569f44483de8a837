// Signpost. Apache-2.0; see LICENSE.
// What dnsd knows of the world, and the seam between those who learn it (feed, registry) and those who
// answer from it. Objects are immutable and shared by pointer; every call in this file happens on the
// control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/consul/types.h"

namespace signpost::catalog {

enum class Kind : unsigned char { kService, kConnect, kIngress, kQuery, kNode };

// Names one thing that can be looked up. `name` and `datacenter` are in lower case; the datacenter is
// always given, the own one included.
struct Key {
  Kind kind = Kind::kService;
  std::string datacenter;
  std::string name;

  friend bool operator==(const Key&, const Key&) = default;
  friend auto operator<=>(const Key&, const Key&) = default;
};

// The instances of a service (whatever their health), of the proxies of a service, or of a prepared query's answer.
struct Service {
  Key key;
  std::vector<consul::ServiceInstance> instances;  // in the source's order
  // The addresses were translated for a client in another datacenter (X-Consul-Translate-Addresses): wan_ipv4 and
  // wan_ipv6 take the place of lan_ipv4 and lan_ipv6, and SRV targets are addr names.
  bool translated = false;

  // Kind::kQuery only.
  std::string answering_datacenter;             // lower case; differs from key.datacenter after failover
  std::optional<std::chrono::seconds> own_ttl;  // DNS.TTL of the query
  std::string queried_service;                  // the service name in its definition, for TTL rules
  bool keep_order = false;                      // the query sorts by distance (Near): do not draw
};

enum class Freshness : unsigned char {
  kStarting,  // nothing known yet: SERVFAIL
  kFresh,
  kStale,    // the source is lost: last known data, short TTL
  kExpired,  // lost for longer than max_stale: SERVFAIL
};

// Told everything that changes; keeps what it needs.
class Sink {
 public:
  virtual ~Sink() = default;

  // `service` replaces what was known under `key`. Null: no such service, query, or (kNode excluded) name.
  // An own-datacenter service that is known by name only, its instances not yet fetched, is announced by OnServiceName.
  virtual void OnService(const Key& key, std::shared_ptr<const Service> service) = 0;
  virtual void OnServiceName(const Key& key) = 0;
  // Null: no such node. Own-datacenter nodes are all announced; others only when wanted.
  virtual void OnNode(const Key& key, std::shared_ptr<const consul::Node> node) = 0;
  // A wanted key could not be fetched (datacenter unreachable, source lost): waiting questions get SERVFAIL.
  virtual void OnUnavailable(const Key& key) = 0;
  // What was learnt under a key of another datacenter, a query or a connect name is not needed any more.
  virtual void OnForget(const Key& key) = 0;
  // Lower-case names, the own one included.
  virtual void OnDatacenters(const std::vector<std::string>& names) = 0;
  virtual void OnFreshness(Freshness freshness) = 0;
  // The catalog's index: the SOA serial.
  virtual void OnIndex(uint64_t index) = 0;
  // Calls `done`, later, on the control thread, when everything told so far is what questions are answered from.
  virtual void Settle(std::function<void()> done) = 0;
};

// Where the catalog comes from.
class Source {
 public:
  virtual ~Source() = default;

  // Begins to feed `sink`, which outlives the source.
  virtual void Start(Sink& sink) = 0;
  // A client asked for `key`: from now on it counts as in use and is watched. Unless it is known already, the
  // source answers with OnService, OnNode or OnUnavailable. Cheap to call again.
  virtual void Want(const Key& key) = 0;
};

}  // namespace signpost::catalog
