// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/feed_status.h"

namespace signpost::feed {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

}  // namespace

void AppendMetrics(const FeedStatus& status, MetricsText& text) {
  const bool fresh = status.freshness == catalog::Freshness::kFresh;
  const double age = std::chrono::duration<double>(status.age).count();
  text.AddGauge("signpost_catalog_fresh", "1 while the catalog is complete and follows Consul.", fresh ? 1 : 0);
  text.AddGauge("signpost_catalog_age_seconds", "Time since the catalog was last complete and true.", age);
  text.AddGauge("signpost_catalog_index", "Consul's index of the catalog.", Number(status.index));
  text.AddGauge("signpost_catalog_services", "Service names known.", Number(status.services));
  text.AddGauge("signpost_catalog_services_pending", "Services not fetched yet since the start.",
                Number(status.services_pending));
  text.AddGauge("signpost_catalog_nodes", "Nodes known.", Number(status.nodes));
  text.AddGauge("signpost_catalog_on_demand", "Entries of other datacenters, connect and ingress.",
                Number(status.on_demand));
  text.AddGauge("signpost_catalog_queries", "Prepared queries in use.", Number(status.queries));
  text.AddCounter("signpost_catalog_changes_total", "Objects published.", Number(status.changes));
  text.AddGauge("signpost_consul_watches", "Blocking queries.", Number(status.watches));
  text.AddGauge("signpost_consul_connections", "Open connections to Consul.", Number(status.connections));
  text.AddGauge("signpost_consul_fetches", "Fetches in flight.", Number(status.fetches_in_flight));
  text.AddGauge("signpost_consul_fetches_waiting", "Fetches waiting for their turn.", Number(status.fetches_waiting));
  text.AddCounter("signpost_consul_sweeps_total", "Background sweeps begun.", Number(status.sweeps));
  text.AddCounter("signpost_consul_suspicious_total", "Empty replies that were not believed at once.",
                  Number(status.suspicious));
  text.AddGauge("signpost_consul_rights_lost", "1 while the token seems to have lost its rights.",
                status.guard_tripped ? 1 : 0);
  text.AddCounter("signpost_consul_replies_total", "Replies of whatever status.", Number(status.replies));
  for (size_t i = 1; i < status.errors.size(); ++i) {
    text.AddCounter("signpost_consul_errors_total", "Failed exchanges with Consul by class.", Number(status.errors[i]),
                    {{"class", consul::AgentErrorName(static_cast<consul::AgentError>(i))}});
  }
}

}  // namespace signpost::feed
