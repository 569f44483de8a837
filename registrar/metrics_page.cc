// Signpost. Apache-2.0; see LICENSE.
#include "registrar/metrics_page.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "common/base/metrics.h"

namespace signpost::registrar {
namespace {

double Of(const Counter& counter) { return static_cast<double>(counter.value()); }

void AddEngine(const OperationsView& view, const Reconciler::View& state, MetricsText& text) {
  text.AddGauge("signpost_registrar_engine_connected", "1 while the Docker Engine's events are followed.",
                state.engine_connected ? 1 : 0);
  text.AddGauge("signpost_registrar_last_list_timestamp_seconds", "When the last full list of containers was read.",
                static_cast<double>(state.last_list.count()) * 1e-9);
  const EngineClient::Counters& client = view.engine.counters();
  text.AddCounter("signpost_registrar_engine_requests_total", "Requests made of the engine.", Of(client.requests));
  text.AddCounter("signpost_registrar_engine_errors_total", "Requests that failed.", Of(client.errors));
  text.AddCounter("signpost_registrar_bad_events_total", "Lines of the event stream that could not be read.",
                  Of(client.bad_events), {{"reason", "malformed"}});
  text.AddCounter("signpost_registrar_bad_events_total", "Lines of the event stream that could not be read.",
                  Of(client.dropped_events), {{"reason", "too_long"}});
  const EngineWatch::Counters* watch = view.reconciler.engine_counters();
  if (watch == nullptr) return;
  for (size_t kind = 0; kind < kEventKinds; ++kind) {
    text.AddCounter("signpost_registrar_events_total", "Events of the engine, by kind.", Of(watch->events[kind]),
                    {{"event", EventKindName(static_cast<EventKind>(kind))}});
  }
  text.AddCounter("signpost_registrar_inspects_total", "Containers inspected.", Of(watch->inspects));
  text.AddCounter("signpost_registrar_lists_total", "Full lists of containers.", Of(watch->lists));
  text.AddCounter("signpost_registrar_engine_reconnects_total", "Times the event stream was opened again.",
                  Of(watch->reconnects));
  text.AddCounter("signpost_registrar_guarded_lists_total",
                  "Lists that lacked so many containers that a second one had to confirm them.",
                  Of(watch->guarded_lists));
}

void AddAgent(const OperationsView& view, const Reconciler::View& state, MetricsText& text) {
  text.AddGauge("signpost_registrar_agent_reachable", "1 while the Consul agent answers.",
                state.agent_reachable ? 1 : 0);
  const consul::AgentCounters& client = view.agent.counters();
  text.AddCounter("signpost_registrar_agent_replies_total", "Good replies of the Consul agent.", Of(client.replies));
  for (size_t error = 1; error < consul::kAgentErrors; ++error) {
    text.AddCounter("signpost_registrar_agent_errors_total", "Requests to the agent without a good reply, by class.",
                    Of(client.errors[error]),
                    {{"class", consul::AgentErrorName(static_cast<consul::AgentError>(error))}});
  }
  for (size_t kind = 0; kind < kActionKinds; ++kind) {
    for (size_t outcome = 0; outcome < kWriteOutcomes; ++outcome) {
      text.AddCounter(
          "signpost_registrar_writes_total",
          "Writes to the agent, by action and outcome; with --dry-run those that were intended.",
          Of(view.reconciler.writer().count(static_cast<ActionKind>(kind), static_cast<WriteOutcome>(outcome))),
          {{"action", ActionKindName(static_cast<ActionKind>(kind))},
           {"outcome", WriteOutcomeName(static_cast<WriteOutcome>(outcome))}});
    }
  }
  const AgentWatch::Counters* watch = view.reconciler.agent_counters();
  if (watch == nullptr) return;
  text.AddCounter("signpost_registrar_agent_readings_total", "Whole readings of the agent.", Of(watch->readings));
  text.AddCounter("signpost_registrar_agent_restarts_total", "Times another agent answered.", Of(watch->restarts));
  text.AddCounter("signpost_registrar_doubted_readings_total",
                  "Readings that lacked own services and had to be confirmed.", Of(watch->doubted_readings));
}

void AddState(const OperationsView& view, const Reconciler::View& state, MetricsText& text) {
  const auto gauge = [&](const char* name, const char* help, size_t value) {
    text.AddGauge(name, help, static_cast<double>(value));
  };
  gauge("signpost_registrar_ready", "1 while the services are followed.", WhyNotReady(state).empty() ? 1 : 0);
  gauge("signpost_registrar_containers", "Containers known.", state.containers);
  gauge("signpost_registrar_containers_up", "Containers that run.", state.containers_up);
  gauge("signpost_registrar_services_desired", "Services that should stand at the agent.", state.desired);
  gauge("signpost_registrar_services_registered", "Own services that stand at the agent.", state.registered);
  gauge("signpost_registrar_services_waiting", "Services with a write that is waiting or under way.", state.waiting);
  gauge("signpost_registrar_services_parked", "Services that the agent refuses.", state.parked);
  gauge("signpost_registrar_conflicts", "Services whose ID belongs to somebody else.", state.conflicts);
  text.AddGauge("signpost_registrar_oldest_wait_seconds", "How long the oldest waiting write has been waiting.",
                static_cast<double>(state.oldest_wait.count()) * 1e-3);
  text.AddCounter("signpost_registrar_services_compared_total", "Services compared with the agent's.",
                  Of(view.reconciler.compared()));
  const DesiredBook::Counters& book = view.reconciler.book_counters();
  text.AddCounter("signpost_registrar_drains_total", "Stop signals to containers seen.", Of(book.drains));
  text.AddCounter("signpost_registrar_drains_lifted_total", "Containers that went on after their stop signal.",
                  Of(book.drains_lifted));
  text.AddCounter("signpost_registrar_container_restarts_total", "Known containers that came up anew.",
                  Of(book.restarts));
  text.AddCounter("signpost_registrar_mapping_warnings_total",
                  "Keys and ports of containers that were corrected, left out or skipped.", Of(book.warnings));
  const char* help = "Containers that ended, by result.";
  text.AddCounter("signpost_registrar_container_ends_total", help, Of(book.ended_ok), {{"result", "ok"}});
  text.AddCounter("signpost_registrar_container_ends_total", help, Of(book.ended_failed), {{"result", "failed"}});
  text.AddCounter("signpost_registrar_container_ends_total", help, Of(book.ended_oom), {{"result", "oom"}});
}

double ResidentBytes() {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen("/proc/self/statm", "r"));
  unsigned long whole = 0;
  unsigned long resident = 0;
  // NOLINTNEXTLINE(cert-err34-c): the kernel wrote it
  if (!file || std::fscanf(file.get(), "%lu %lu", &whole, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::string MetricsPage(const OperationsView& view) {
  const Reconciler::View state = view.reconciler.view();
  MetricsText text;
  AddState(view, state, text);
  AddEngine(view, state, text);
  AddAgent(view, state, text);
  text.AddGauge("signpost_registrar_resident_bytes", "Memory that the process holds.", ResidentBytes());
  text.AddGauge("signpost_uptime_seconds", "Time since the start.",
                static_cast<double>((SystemClock().Monotonic() - view.started).count()) * 1e-9);
  return text.Render();
}

}  // namespace signpost::registrar
