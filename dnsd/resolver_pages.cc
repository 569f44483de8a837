// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver_pages.h"

#include <string>

namespace signpost::dnsd {
namespace {

struct CounterRow {
  const char* name;
  const char* help;
  Counter resolver::ResolverCounters::*counter;
};

using resolver::ResolverCounters;
constexpr CounterRow kRows[] = {
    {"signpost_resolver_questions_total", "Questions that no loop's own cache could answer.", &ResolverCounters::asked},
    {"signpost_resolver_shared_total", "Of these: joined one that was under way already.", &ResolverCounters::shared},
    {"signpost_resolver_cached_total", "Of these: answered from the resolver's cache.", &ResolverCounters::from_cache},
    {"signpost_resolver_mismatched_total", "Replies that were no answer to what was asked.",
     &ResolverCounters::mismatched},
    {"signpost_resolver_other_case_total", "Of the mismatched: but for the letter case of the question.",
     &ResolverCounters::other_case},
    {"signpost_resolver_no_cookie_total", "Of the mismatched: but for a cookie.", &ResolverCounters::no_cookie},
    {"signpost_resolver_bad_replies_total", "Replies that could not be believed.", &ResolverCounters::bad_replies},
    {"signpost_resolver_timeouts_total", "Tries that no upstream answered in time.", &ResolverCounters::timeouts},
    {"signpost_resolver_stale_total", "Questions settled by an answer past its end.", &ResolverCounters::stale_answers},
    {"signpost_resolver_failures_total", "Questions settled by SERVFAIL.", &ResolverCounters::failures},
    {"signpost_resolver_prefetches_total", "Answers fetched before they ended.", &ResolverCounters::prefetches},
    {"signpost_resolver_shed_total", "Questions dropped because too many were under way.", &ResolverCounters::shed},
};

}  // namespace

void AppendResolverMetrics(const OperationsView& view, MetricsText& text) {
  const resolver::Resolver& resolver = *view.forwarding.resolver();
  const ResolverCounters& counters = resolver.counters();
  for (const CounterRow& row : kRows) {
    text.AddCounter(row.name, row.help, static_cast<double>((counters.*row.counter).value()));
  }
  text.AddCounter("signpost_resolver_sent_total", "Queries sent to upstreams.",
                  static_cast<double>(counters.sent_udp.value()), {{"transport", "udp"}});
  text.AddCounter("signpost_resolver_sent_total", "Queries sent to upstreams.",
                  static_cast<double>(counters.sent_tcp.value()), {{"transport", "tcp"}});
  text.AddGauge("signpost_resolver_in_flight", "Questions being asked now.", static_cast<double>(resolver.in_flight()));
  text.AddGauge("signpost_resolver_cache_bytes", "Memory of the resolver's cache.",
                static_cast<double>(resolver.cache_bytes()));
  text.AddGauge("signpost_resolver_cache_entries", "Answers in the resolver's cache.",
                static_cast<double>(resolver.cache_entries()));
  text.AddCounter("signpost_resolver_evicted_total", "Answers that made room for others.",
                  static_cast<double>(counters.evicted.value()));
  for (const resolver::UpstreamStatus& upstream : resolver.Upstreams()) {
    const std::string address = upstream.address.ToString();
    text.AddGauge("signpost_resolver_upstream_up", "1 while the upstream is used.",
                  upstream.up && !upstream.loop ? 1 : 0, {{"upstream", address}});
    text.AddGauge("signpost_resolver_upstream_rtt_seconds", "Smoothed time to an answer.", upstream.srtt_ms * 1e-3,
                  {{"upstream", address}});
    const auto add = [&](const char* outcome, uint64_t value) {
      text.AddCounter("signpost_resolver_upstream_tries_total", "Tries by outcome.", static_cast<double>(value),
                      {{"upstream", address}, {"outcome", outcome}});
    };
    add("answered", upstream.answered);
    add("timed_out", upstream.timed_out);
    add("failed", upstream.failed);
  }
}

void WriteResolverStatus(const OperationsView& view, json::Writer& out) {
  const resolver::Resolver& resolver = *view.forwarding.resolver();
  out.Key("resolver").BeginObject();
  out.Key("in_flight").Uint(resolver.in_flight());
  out.Key("cache_entries").Uint(resolver.cache_entries());
  out.Key("cache_bytes").Uint(resolver.cache_bytes());
  out.Key("routes").BeginArray();
  for (const resolver::Route& route : view.forwarding.policy().routes->all()) {
    out.BeginObject();
    out.Key("zone").String(route.zone.ToString());
    out.Key("upstreams").BeginArray();
    for (const net::SocketAddress& server : route.upstreams) out.String(server.ToString());
    out.EndArray();
    out.EndObject();
  }
  out.EndArray();
  out.Key("upstreams").BeginArray();
  for (const resolver::UpstreamStatus& upstream : resolver.Upstreams()) {
    out.BeginObject();
    out.Key("address").String(upstream.address.ToString());
    out.Key("up").Bool(upstream.up);
    out.Key("loop").Bool(upstream.loop);
    out.Key("edns").Bool(upstream.edns);
    out.Key("srtt_ms").Double(upstream.srtt_ms);
    out.Key("trouble").String(upstream.trouble);
    out.EndObject();
  }
  out.EndArray();
  out.Key("zones").BeginArray();
  for (const auto& zone : view.forwarding.policy().zones->all()) {
    if (!zone->built_in()) out.String(zone->origin().ToString());
  }
  out.EndArray();
  out.EndObject();
}

}  // namespace signpost::dnsd
