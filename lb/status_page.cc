// Signpost. Apache-2.0; see LICENSE.
#include "lb/status_page.h"

#include <chrono>
#include <map>

#include "common/json/json.h"
#include "lb/endpoint_state.h"
#include "lb/service_view.h"
#include "lb/version.h"

namespace signpost::lb {
namespace {

void WriteSources(const OperationsView& view, json::Writer& out) {
  out.Key("sources").BeginArray();
  for (const SourceStatus& source : view.sources) {
    out.BeginObject();
    out.Key("kind").String(SourceKindName(source.kind));
    out.Key("where").String(source.where);
    out.Key("ready").Bool(source.ready);
    out.Key("failing").Bool(source.failing);
    out.Key("reason").String(source.reason);
    out.Key("age_ms").Int(source.age.count());
    out.Key("replies").Uint(source.good);
    out.Key("errors").BeginObject();
    for (const auto& [reason, count] : source.bad) out.Key(reason).Uint(count);
    out.EndObject();
    out.EndObject();
  }
  out.EndArray();
}

void WriteEndpoint(const EndpointRow& row, json::Writer& out) {
  const Endpoint& endpoint = *row.endpoint;
  out.BeginObject();
  out.Key("address").String(endpoint.name());
  out.Key("id").String(row.id);
  out.Key("version").String(row.version);
  out.Key("tier").Uint(row.tier);
  out.Key("weight").Uint(row.weight);
  out.Key("state").String(EndpointStateName(row.verdict.state));
  out.Key("reason").String(row.verdict.reason);
  out.Key("drained").Bool(endpoint.drained());
  if (endpoint.admin_weight() >= 0) out.Key("admin_weight").Int(endpoint.admin_weight());
  out.Key("fails").Uint(endpoint.fails());
  out.Key("in_use").Uint(endpoint.in_use());
  const auto number = [](const std::atomic<uint64_t>& value) { return value.load(std::memory_order_relaxed); };
  out.Key("requests").Uint(number(endpoint.counters.requests));
  out.Key("failures").Uint(number(endpoint.counters.failures));
  out.Key("connects").Uint(number(endpoint.counters.connects));
  out.Key("bytes_in").Uint(number(endpoint.counters.bytes_in));
  out.Key("bytes_out").Uint(number(endpoint.counters.bytes_out));
  out.EndObject();
}

void WriteService(const ServiceRow& row, json::Writer& out) {
  const PoolState& state = *row.pool->state;
  out.BeginObject();
  out.Key("name").String(row.pool->service);
  out.Key("state").String(row.state);
  out.Key("reason").String(row.reason);
  out.Key("requests").Uint(state.requests);
  out.Key("retries").Uint(state.retries);
  out.Key("retry_budget_exhausted").Uint(state.budget_exhausted);
  out.Key("waiting").Uint(state.waiting);
  out.Key("queued").Uint(state.queued);
  out.Key("queue_timeouts").Uint(state.queue_timeouts);
  out.Key("spills").Uint(state.spills);
  out.Key("panics").Uint(state.panics);
  out.Key("endpoints").BeginArray();
  for (const EndpointRow& endpoint : row.endpoints) WriteEndpoint(endpoint, out);
  out.EndArray();
  out.EndObject();
}

void WriteListeners(const OperationsView& view, json::Writer& out) {
  out.Key("listeners").BeginArray();
  for (const ListenerRow& row : ListenerRows(view)) {
    out.BeginObject();
    out.Key("address").String(row.address);
    out.Key("kind").String(row.kind);
    out.Key("service").String(row.service);
    out.Key("state").String(row.state);
    out.Key("reason").String(row.reason);
    out.EndObject();
  }
  out.EndArray();
}

void WriteTroubles(const OperationsView& view, json::Writer& out) {
  out.Key("conflicts").BeginArray();
  for (const Conflict& conflict : view.conflicts) {
    out.BeginObject();
    out.Key("what").String(conflict.what);
    out.Key("winner").String(conflict.winner);
    out.Key("loser").String(conflict.loser);
    out.EndObject();
  }
  out.EndArray();
  out.Key("warnings").BeginArray();
  for (const std::string& warning : view.warnings) out.String(warning);
  out.EndArray();
}

void WriteWorkers(const OperationsView& view, json::Writer& out) {
  out.Key("workers").BeginArray();
  for (const WorkerView& worker : view.workers) {
    out.BeginObject();
    out.Key("sessions").Uint(worker.sessions);
    out.Key("idle_connections").Uint(worker.idle_connections);
    out.Key("requests").Uint(worker.counters->http_requests.value());
    out.Key("tcp_sessions").Uint(worker.counters->tcp_sessions.value());
    out.EndObject();
  }
  out.EndArray();
}

void WriteRoutes(const OperationsView& view, json::Writer& out) {
  out.Key("routes").BeginArray();
  for (const HttpRoute& route : view.routes->http->routes()) {
    out.BeginObject();
    out.Key("host").String(route.host);
    out.Key("path").String(route.path);
    if (route.redirect != 0) {
      out.Key("redirect").Int(route.redirect);
      out.Key("to").String(route.redirect_to);
    } else {
      out.Key("service").String(route.service);
    }
    out.EndObject();
  }
  out.EndArray();
}

}  // namespace

std::string StatusPage(const OperationsView& view) {
  json::Writer out(/*pretty=*/true);
  out.BeginObject();
  out.Key("program").String("lb");
  out.Key("version").String(kVersion);
  out.Key("uptime_s").Int(std::chrono::duration_cast<std::chrono::seconds>(view.uptime).count());
  out.Key("ready").Bool(WhyNotReady(view).empty());
  out.Key("trouble").String(WhyNotReady(view));
  out.Key("snapshot_age").String(view.snapshot);
  out.Key("generation").Uint(view.routes ? view.routes->generation : 0);
  WriteSources(view, out);
  WriteWorkers(view, out);
  WriteListeners(view, out);
  WriteTroubles(view, out);
  if (view.routes) WriteRoutes(view, out);
  out.Key("services").BeginArray();
  for (const ServiceRow& row : ServiceRows(view)) WriteService(row, out);
  out.EndArray();
  out.EndObject();
  return out.Take() + "\n";
}

}  // namespace signpost::lb
