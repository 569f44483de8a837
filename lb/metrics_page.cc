// Signpost. Apache-2.0; see LICENSE.
#include "lb/metrics_page.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "common/base/metrics.h"
#include "lb/endpoint_state.h"
#include "lb/service_view.h"
#include "lb/session/access_record.h"

namespace signpost::lb {
namespace {

// Labels that others make are bounded: so many endpoints have series of their own, and so many versions of a service
// their own name (case R13).
constexpr size_t kMaxEndpoints = 20000;
constexpr size_t kMaxServices = 10000;
constexpr size_t kMaxVersions = 8;

template <typename Read>
double Sum(const OperationsView& view, const Read& read) {
  uint64_t sum = 0;
  for (const WorkerView& worker : view.workers) sum += read(worker);
  return static_cast<double>(sum);
}

double SumOf(const OperationsView& view, Counter SessionCounters::*counter) {
  return Sum(view, [counter](const WorkerView& w) { return (w.counters->*counter).value(); });
}

double Of(const std::atomic<uint64_t>& value) { return static_cast<double>(value.load(std::memory_order_relaxed)); }

void AddClients(const OperationsView& view, MetricsText& text) {
  text.AddCounter("signpost_lb_connections_total", "Connections of clients, by kind.",
                  SumOf(view, &SessionCounters::http_connections), {{"kind", "http"}});
  text.AddCounter("signpost_lb_connections_total", "Connections of clients, by kind.",
                  SumOf(view, &SessionCounters::tcp_sessions), {{"kind", "tcp"}});
  text.AddGauge("signpost_lb_sessions", "Open connections of clients.",
                Sum(view, [](const WorkerView& w) { return w.sessions; }));
  text.AddCounter("signpost_lb_requests_total", "HTTP requests.", SumOf(view, &SessionCounters::http_requests));
  text.AddCounter("signpost_lb_tunnels_total", "Connections that changed to another protocol.",
                  SumOf(view, &SessionCounters::tunnels));
  text.AddCounter("signpost_lb_bad_requests_total", "Requests refused by the parser.",
                  SumOf(view, &SessionCounters::bad_requests));
  text.AddCounter("signpost_lb_proxy_header_errors_total", "Connections without the PROXY header that was demanded.",
                  SumOf(view, &SessionCounters::proxy_header_errors));
  text.AddCounter("signpost_lb_no_route_total", "Requests whose host and path no route fits.",
                  SumOf(view, &SessionCounters::no_route));
  text.AddCounter("signpost_lb_client_bytes_total", "Bytes from and to clients.",
                  SumOf(view, &SessionCounters::bytes_from_clients), {{"direction", "in"}});
  text.AddCounter("signpost_lb_client_bytes_total", "Bytes from and to clients.",
                  SumOf(view, &SessionCounters::bytes_to_clients), {{"direction", "out"}});
  text.AddCounter("signpost_lb_accepted_total", "Connections accepted.",
                  Sum(view, [](const WorkerView& w) { return w.accepts->accepted.value(); }));
  text.AddCounter("signpost_lb_out_of_descriptors_total", "Pauses in accepting for want of file descriptors.",
                  Sum(view, [](const WorkerView& w) { return w.accepts->out_of_descriptors.value(); }));
}

void AddAnswers(const OperationsView& view, MetricsText& text) {
  constexpr std::array<std::string_view, 6> kClasses = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (size_t c = 1; c < kClasses.size(); ++c) {
    text.AddCounter("signpost_lb_responses_total", "Answers by class of status.",
                    Sum(view, [c](const WorkerView& w) { return w.counters->responses[c].value(); }),
                    {{"class", kClasses[c]}});
  }
  const size_t terminations = SessionCounters().terminations.size();
  for (size_t t = 0; t < terminations; ++t) {
    text.AddCounter("signpost_lb_terminations_total", "Requests and TCP sessions by how they ended.",
                    Sum(view, [t](const WorkerView& w) { return w.counters->terminations[t].value(); }),
                    {{"reason", TerminationName(static_cast<Termination>(t))}});
  }
  std::array<double, SessionCounters::kLatencyBounds.size()> bounds{};
  std::ranges::transform(SessionCounters::kLatencyBounds, bounds.begin(), [](double ms) { return ms * 1e-3; });
  std::array<uint64_t, SessionCounters::kLatencyBounds.size() + 1> counts{};
  for (const WorkerView& worker : view.workers) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += worker.counters->latency[i].value();
  }
  text.AddHistogram("signpost_lb_request_seconds", "Time from a request's head to the end of its answer.", bounds,
                    counts, SumOf(view, &SessionCounters::latency_sum_us) * 1e-6);
}

void AddPools(const OperationsView& view, MetricsText& text) {
  const auto add = [&](std::string_view event, Counter IdleCounters::*counter) {
    text.AddCounter(
        "signpost_lb_idle_events_total", "What became of connections to endpoints that waited for a request.",
        Sum(view, [counter](const WorkerView& w) { return (w.idle->*counter).value(); }), {{"event", event}});
  };
  add("reused", &IdleCounters::reused);
  add("kept", &IdleCounters::kept);
  add("lost", &IdleCounters::lost);
  add("unsolicited", &IdleCounters::unsolicited);
  text.AddGauge("signpost_lb_idle_connections", "Connections to endpoints that wait for a request.",
                Sum(view, [](const WorkerView& w) { return w.idle_connections; }));
}

void AddService(const ServiceRow& row, MetricsText& text) {
  const std::string_view service = row.pool->service;
  const PoolState& state = *row.pool->state;
  text.AddCounter("signpost_lb_service_requests_total", "Requests and TCP sessions of a service.", Of(state.requests),
                  {{"service", service}});
  text.AddCounter("signpost_lb_service_retries_total", "Attempts beyond the first.", Of(state.retries),
                  {{"service", service}});
  text.AddCounter("signpost_lb_service_retries_refused_total", "Retries that the budget did not allow.",
                  Of(state.budget_exhausted), {{"service", service}});
  text.AddCounter("signpost_lb_service_queued_total", "Requests that waited for a free slot.", Of(state.queued),
                  {{"service", service}});
  text.AddCounter("signpost_lb_service_queue_timeouts_total", "Requests that waited in vain.", Of(state.queue_timeouts),
                  {{"service", service}});
  text.AddCounter("signpost_lb_service_spills_total", "Requests of a version's share that went to the others.",
                  Of(state.spills), {{"service", service}});
  text.AddCounter("signpost_lb_service_panics_total", "Requests that went to unusable endpoints for want of others.",
                  Of(state.panics), {{"service", service}});
  text.AddGauge("signpost_lb_service_waiting", "Requests that wait for a free slot now.",
                static_cast<double>(state.waiting.load(std::memory_order_relaxed)), {{"service", service}});
  text.AddGauge("signpost_lb_service_endpoints", "Endpoints of a service.",
                static_cast<double>(std::ranges::count_if(
                    row.endpoints, [](const EndpointRow& r) { return r.verdict.state != EndpointState::kRemoved; })),
                {{"service", service}});
  text.AddGauge("signpost_lb_service_usable", "Endpoints that get new requests.",
                static_cast<double>(std::ranges::count_if(
                    row.endpoints, [](const EndpointRow& r) { return IsUsable(r.verdict.state); })),
                {{"service", service}});
  text.AddGauge("signpost_lb_service_held", "1 while the endpoints are the last good ones of a source that fails.",
                row.state == "held" ? 1 : 0, {{"service", service}});
}

std::string_view VersionLabel(const ServiceRow& service, const EndpointRow& row) {
  const auto& versions = service.pool->versions;
  const auto at = std::ranges::find(versions, row.version);
  return at - versions.begin() < static_cast<std::ptrdiff_t>(kMaxVersions) ? row.version : "other";
}

void AddEndpoint(const ServiceRow& service, const EndpointRow& row, MetricsText& text) {
  const std::string_view name = service.pool->service;
  const std::string_view address = row.endpoint->name();
  const std::string_view version = VersionLabel(service, row);
  const EndpointCounters& counters = row.endpoint->counters;
  const MetricsText::Labels labels = {{"service", name}, {"endpoint", address}, {"version", version}};
  text.AddCounter("signpost_lb_endpoint_requests_total", "Requests and TCP sessions of an endpoint.",
                  Of(counters.requests), labels);
  text.AddCounter("signpost_lb_endpoint_failures_total", "Failures that count against it.", Of(counters.failures),
                  labels);
  text.AddCounter("signpost_lb_endpoint_connects_total", "Connections made to it.", Of(counters.connects), labels);
  text.AddCounter("signpost_lb_endpoint_received_bytes_total", "Bytes from it.", Of(counters.bytes_in), labels);
  text.AddCounter("signpost_lb_endpoint_sent_bytes_total", "Bytes to it.", Of(counters.bytes_out), labels);
  text.AddGauge("signpost_lb_endpoint_in_use", "Requests under way.", static_cast<double>(row.endpoint->in_use()),
                labels);
  text.AddGauge("signpost_lb_endpoint_usable", "1 while it gets new requests.", IsUsable(row.verdict.state) ? 1 : 0,
                labels);
}

// A service has a pool for each tag that exposes it; their counts are the service's.
std::vector<ServiceRow> OneRowPerService(const std::vector<ServiceRow>& rows) {
  std::vector<ServiceRow> merged;
  std::map<std::string_view, size_t> places;
  std::set<const Endpoint*> seen;
  for (const ServiceRow& row : rows) {
    const auto [place, is_new] = places.try_emplace(row.pool->service, merged.size());
    if (is_new) merged.push_back({.pool = row.pool, .state = row.state, .reason = row.reason});
    for (const EndpointRow& endpoint : row.endpoints) {
      if (seen.insert(endpoint.endpoint).second) merged[place->second].endpoints.push_back(endpoint);
    }
  }
  return merged;
}

void AddServices(const OperationsView& view, MetricsText& text) {
  const std::vector<ServiceRow> rows = OneRowPerService(ServiceRows(view));
  for (size_t i = 0; i < std::min(rows.size(), kMaxServices); ++i) AddService(rows[i], text);
  text.AddGauge("signpost_lb_services_without_series", "Services beyond the first 10,000, which have no series here.",
                static_cast<double>(rows.size() - std::min(rows.size(), kMaxServices)));
  size_t endpoints = 0;
  for (const ServiceRow& row : rows) {
    for (const EndpointRow& endpoint : row.endpoints) {
      if (++endpoints <= kMaxEndpoints) AddEndpoint(row, endpoint, text);
    }
  }
  text.AddGauge("signpost_lb_endpoints_without_series", "Endpoints beyond the first 20,000, which have no series here.",
                static_cast<double>(endpoints - std::min(endpoints, kMaxEndpoints)));
}

void AddSources(const OperationsView& view, MetricsText& text) {
  for (const SourceStatus& source : view.sources) {
    const std::string_view kind = SourceKindName(source.kind);
    text.AddGauge("signpost_lb_source_ready", "1 when the source has told all it knew at the start.",
                  source.ready ? 1 : 0, {{"source", kind}});
    text.AddGauge("signpost_lb_source_failing", "1 while its last good word counts on.", source.failing ? 1 : 0,
                  {{"source", kind}});
    text.AddGauge("signpost_lb_source_age_seconds", "Time since its last good word.",
                  static_cast<double>(source.age.count()) * 1e-3, {{"source", kind}});
    text.AddCounter("signpost_lb_source_replies_total", "Good replies.", static_cast<double>(source.good),
                    {{"source", kind}});
    for (const auto& [reason, count] : source.bad) {
      text.AddCounter("signpost_lb_source_errors_total", "Other replies, and none at all, by reason.",
                      static_cast<double>(count), {{"source", kind}, {"reason", reason}});
    }
  }
}

void AddProgram(const OperationsView& view, MetricsText& text) {
  for (const std::string_view state : {"bound", "retrying", "waiting", "lingering"}) {
    size_t count = 0;
    for (const ListenerRow& row : ListenerRows(view)) count += row.state == state ? 1 : 0;
    text.AddGauge("signpost_lb_listeners", "Listening addresses by state.", static_cast<double>(count),
                  {{"state", state}});
  }
  text.AddGauge("signpost_lb_conflicts", "Names and ports that two services want.",
                static_cast<double>(view.conflicts.size()));
  text.AddGauge("signpost_lb_warnings", "Tags and settings that cannot be used.",
                static_cast<double>(view.warnings.size()));
  text.AddCounter("signpost_lb_publications_total", "Times that new routes were published.",
                  static_cast<double>(view.routes ? view.routes->generation : 0));
  text.AddGauge("signpost_lb_checked_endpoints", "Endpoints with an active check.",
                static_cast<double>(view.checks.endpoints));
  text.AddCounter("signpost_lb_checks_total", "Active checks by result.", static_cast<double>(view.checks.passed),
                  {{"result", "passed"}});
  text.AddCounter("signpost_lb_checks_total", "Active checks by result.", static_cast<double>(view.checks.failed),
                  {{"result", "failed"}});
  text.AddCounter("signpost_lb_access_lines_total", "Lines of the access log that were written.",
                  static_cast<double>(view.access_written));
  text.AddCounter("signpost_lb_access_dropped_total", "Lines of the access log that were dropped.",
                  static_cast<double>(view.access_dropped));
  text.AddGauge("signpost_uptime_seconds", "Time since the start.", static_cast<double>(view.uptime.count()) * 1e-3);
}

}  // namespace

std::string MetricsPage(const OperationsView& view) {
  MetricsText text;
  AddClients(view, text);
  AddAnswers(view, text);
  AddPools(view, text);
  AddServices(view, text);
  AddSources(view, text);
  AddProgram(view, text);
  return text.Render();
}

}  // namespace signpost::lb
