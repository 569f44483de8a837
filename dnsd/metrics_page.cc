// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/metrics_page.h"

#include <array>

#include "common/base/metrics.h"
#include "dnsd/resolver_pages.h"

namespace signpost::dnsd {
namespace {

constexpr std::array<const char*, query::kTransports> kTransportNames = {"udp", "tcp"};

template <typename Read>
double Sum(const OperationsView& view, const Read& read) {
  uint64_t sum = 0;
  for (const auto& worker : view.workers) sum += read(*worker);
  return static_cast<double>(sum);
}

void AddQueries(const OperationsView& view, MetricsText& text) {
  for (size_t t = 0; t < query::kTransports; ++t) {
    const char* name = kTransportNames[t];
    text.AddCounter("signpost_dns_queries_total", "Messages received; equals answers plus drops plus waiting.",
                    Sum(view, [t](const Worker& w) { return w.counters().received[t].value(); }),
                    {{"transport", name}});
    text.AddCounter("signpost_dns_answers_total", "Replies made, by transport.",
                    Sum(view, [t](const Worker& w) { return w.counters().answered[t].value(); }),
                    {{"transport", name}});
    text.AddGauge("signpost_dns_waiting", "Questions waiting for Consul or an upstream.",
                  Sum(view, [t](const Worker& w) { return w.waiting().waiting(static_cast<query::Transport>(t)); }),
                  {{"transport", name}});
    for (size_t d = 0; d < query::kDrops; ++d) {
      text.AddCounter("signpost_dns_drops_total", "Messages that got no reply, by reason.",
                      Sum(view, [t, d](const Worker& w) { return w.counters().dropped[t][d].value(); }),
                      {{"transport", name}, {"reason", query::kDropNames[d]}});
    }
  }
}

void AddAnswers(const OperationsView& view, MetricsText& text) {
  for (size_t r = 0; r < query::kRcodes; ++r) {
    const double count = Sum(view, [r](const Worker& w) { return w.counters().rcodes[r].value(); });
    if (r > 5 && count == 0) continue;  // the rare ones appear when they happen
    text.AddCounter("signpost_dns_rcodes_total", "Replies by rcode; the sum equals all replies.", count,
                    {{"rcode", query::RcodeName(r)}});
  }
  for (size_t t = 0; t < query::kTypeBuckets; ++t) {
    text.AddCounter("signpost_dns_types_total", "Replies by type of the question; the sum equals all replies.",
                    Sum(view, [t](const Worker& w) { return w.counters().types[t].value(); }),
                    {{"type", query::kTypeNames[t]}});
  }
  for (size_t s = 0; s < query::kSources; ++s) {
    text.AddCounter("signpost_dns_sources_total", "Replies by who answered; the sum equals all replies.",
                    Sum(view, [s](const Worker& w) { return w.counters().sources[s].value(); }),
                    {{"source", query::kSourceNames[s]}});
  }
  text.AddCounter("signpost_dns_slipped_total", "Replies cut to TC=1 because their network gets too many.",
                  Sum(view, [](const Worker& w) { return w.counters().slipped.value(); }));
  text.AddCounter("signpost_dns_stale_total", "Replies from forwarded answers past their end.",
                  Sum(view, [](const Worker& w) { return w.counters().stale.value(); }));
  text.AddCounter("signpost_dns_truncated_total", "Replies with TC=1.",
                  Sum(view, [](const Worker& w) { return w.counters().truncated.value(); }));
  text.AddCounter("signpost_dns_parked_total", "Questions that had to wait for Consul or an upstream.",
                  Sum(view, [](const Worker& w) { return w.counters().parked.value(); }));
  text.AddCounter("signpost_dns_servfail_overloaded_total", "SERVFAIL because too many questions were waiting.",
                  Sum(view, [](const Worker& w) { return w.counters().overloaded.value(); }));
  text.AddCounter("signpost_dns_servfail_timeout_total", "SERVFAIL because what was waited for did not come in time.",
                  Sum(view, [](const Worker& w) { return w.counters().timed_out.value(); }));
}

void AddLatency(const OperationsView& view, MetricsText& text) {
  std::array<uint64_t, query::kLatencyBounds.size() + 1> counts{};
  for (const auto& worker : view.workers) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += worker->counters().latency[i].value();
  }
  const double nanos = Sum(view, [](const Worker& w) { return w.counters().latency_nanos.value(); });
  text.AddHistogram("signpost_dns_latency_seconds",
                    "Time from receipt to the answer being ready; its count equals all replies.", query::kLatencyBounds,
                    counts, nanos * 1e-9);
}

template <typename Read>
double SumUdp(const OperationsView& view, const Read& read) {
  return Sum(view, [&](const Worker& w) {
    uint64_t sum = 0;
    for (const auto& udp : w.udp()) sum += read(udp->counters());
    return sum;
  });
}

template <typename Read>
double SumTcp(const OperationsView& view, const Read& read) {
  return Sum(view, [&](const Worker& w) {
    uint64_t sum = 0;
    for (const auto& tcp : w.tcp()) sum += read(*tcp);
    return sum;
  });
}

void AddSockets(const OperationsView& view, MetricsText& text) {
  text.AddCounter("signpost_udp_send_drops_total", "Answers that the kernel did not take.",
                  SumUdp(view, [](const net::UdpCounters& c) { return c.send_dropped.value(); }));
  text.AddCounter("signpost_udp_receive_drops_total", "Datagrams lost because the kernel's queue was full.",
                  SumUdp(view, [](const net::UdpCounters& c) { return c.receive_dropped.value(); }));
  text.AddGauge("signpost_tcp_connections", "Open TCP connections.",
                SumTcp(view, [](const transport::TcpService& s) { return s.connections(); }));
  text.AddCounter("signpost_tcp_accepted_total", "TCP connections accepted.",
                  SumTcp(view, [](const transport::TcpService& s) { return s.counters().accepted.value(); }));
  const auto add_closed = [&](const char* reason, Counter transport::TcpCounters::*counter) {
    text.AddCounter("signpost_tcp_closed_total", "TCP connections closed by dnsd, by reason.",
                    SumTcp(view, [counter](const transport::TcpService& s) { return (s.counters().*counter).value(); }),
                    {{"reason", reason}});
  };
  add_closed("idle", &transport::TcpCounters::closed_idle);
  add_closed("slow", &transport::TcpCounters::closed_slow);
  add_closed("room", &transport::TcpCounters::closed_for_room);
  add_closed("client_limit", &transport::TcpCounters::refused_client);
  add_closed("framing", &transport::TcpCounters::closed_framing);
}

}  // namespace

std::string MetricsPage(const OperationsView& view) {
  MetricsText text;
  AddQueries(view, text);
  AddAnswers(view, text);
  AddLatency(view, text);
  AddSockets(view, text);
  AppendResolverMetrics(view, text);
  if (view.feed != nullptr) feed::AppendMetrics(view.feed->status(), text);
  if (view.registry != nullptr) registry::AppendMetrics(view.registry->status(), text);
  text.AddGauge("signpost_uptime_seconds", "Time since the start.",
                static_cast<double>((SystemClock().Monotonic() - view.started).count()) * 1e-9);
  return text.Render();
}

}  // namespace signpost::dnsd
