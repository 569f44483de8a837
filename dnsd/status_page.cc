// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/status_page.h"

#include "common/json/json.h"
#include "dnsd/resolver_pages.h"
#include "dnsd/version.h"

namespace signpost::dnsd {
namespace {

std::string_view FreshnessName(catalog::Freshness freshness) {
  switch (freshness) {
    case catalog::Freshness::kStarting:
      return "starting";
    case catalog::Freshness::kFresh:
      return "fresh";
    case catalog::Freshness::kStale:
      return "stale";
    case catalog::Freshness::kExpired:
      return "expired";
  }
  return "";
}

void WriteRegistry(const OperationsView& view, json::Writer& out) {
  const registry::RegistryStatus status = view.registry->status();
  out.Key("registry").BeginObject();
  out.Key("index").Uint(status.index);
  out.Key("nodes").Uint(status.nodes);
  out.Key("services").Uint(status.services);
  out.Key("instances").Uint(status.instances);
  out.Key("checks").Uint(status.checks);
  out.Key("keys").Uint(status.keys);
  out.Key("sessions").Uint(status.sessions);
  out.Key("blocked").Uint(status.blocked);
  out.Key("disk_fails").Bool(status.disk_fails);
  out.EndObject();
}

void WriteCatalog(const OperationsView& view, json::Writer& out) {
  const feed::FeedStatus status = view.feed->status();
  out.Key("catalog").BeginObject();
  out.Key("state").String(FreshnessName(view.publisher.freshness()));
  out.Key("trouble").String(status.trouble);
  out.Key("age_ms").Int(std::chrono::duration_cast<Millis>(status.age).count());
  out.Key("datacenter").String(status.datacenter);
  out.Key("datacenters").BeginArray();
  for (const std::string& name : view.publisher.datacenters()) out.String(name);
  out.EndArray();
  out.Key("index").Uint(status.index);
  out.Key("services").Uint(status.services);
  out.Key("services_pending").Uint(status.services_pending);
  out.Key("nodes").Uint(status.nodes);
  out.Key("watches").Uint(status.watches);
  out.Key("connections").Uint(status.connections);
  out.Key("token_rights_lost").Bool(status.guard_tripped);
  out.EndObject();
}

}  // namespace

std::string StatusPage(const OperationsView& view) {
  json::Writer out(/*pretty=*/true);
  out.BeginObject();
  out.Key("program").String("dnsd");
  out.Key("version").String(kVersion);
  out.Key("uptime_s")
      .Int(std::chrono::duration_cast<std::chrono::seconds>(SystemClock().Monotonic() - view.started).count());
  out.Key("threads").Uint(view.workers.size());
  out.Key("listen").BeginArray();
  for (const net::SocketAddress& address : view.listen) out.String(address.ToString());
  out.EndArray();
  if (view.feed != nullptr) WriteCatalog(view, out);
  if (view.registry != nullptr) WriteRegistry(view, out);
  WriteResolverStatus(view, out);
  out.EndObject();
  return out.Take() + "\n";
}

}  // namespace signpost::dnsd
