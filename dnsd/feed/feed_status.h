// Signpost. Apache-2.0; see LICENSE.
// What the feed tells operators.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/consul/agent_client.h"
#include "dnsd/catalog/catalog.h"

namespace signpost::feed {

struct FeedStatus {
  catalog::Freshness freshness = catalog::Freshness::kStarting;
  Nanos age{0};            // since the catalog was last known to be complete and true
  std::string datacenter;  // "" until known
  uint64_t index = 0;
  size_t services = 0;          // names known
  size_t services_pending = 0;  // of the first list, not fetched yet
  size_t nodes = 0;
  size_t on_demand = 0;  // other datacenters, connect, ingress
  size_t queries = 0;
  size_t watches = 0;  // blocking queries, the global ones included
  size_t fetches_in_flight = 0;
  size_t fetches_waiting = 0;
  size_t connections = 0;
  uint64_t sweeps = 0;
  uint64_t suspicious = 0;     // emptiness that was not believed at once
  bool guard_tripped = false;  // the token seems to have lost its rights
  uint64_t replies = 0;
  std::array<uint64_t, consul::kAgentErrors> errors{};  // by consul::AgentError
  uint64_t changes = 0;  // objects published: grows when a new snapshot file is worth writing
  std::string trouble;   // why it is not fresh: "" or one line without secrets
};

// Metrics signpost_catalog_* and signpost_consul_*.
void AppendMetrics(const FeedStatus& status, MetricsText& text);

}  // namespace signpost::feed
