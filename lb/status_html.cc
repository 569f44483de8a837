// Signpost. Apache-2.0; see LICENSE.
#include "lb/status_html.h"

#include <algorithm>

#include "common/options/text.h"
#include "lb/endpoint_state.h"
#include "lb/service_view.h"
#include "lb/version.h"

namespace signpost::lb {
namespace {

constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Signpost lb</title>\n<style>"
    "body{font:14px/1.4 sans-serif;margin:1.5em;max-width:90em}table{border-collapse:collapse;margin:.3em 0 1em}"
    "td,th{border-bottom:1px solid #ccc;padding:.15em .7em;text-align:left;vertical-align:top}"
    "td.n{text-align:right}.bad{color:#a00}.ok{color:#060}h2{font-size:1.15em;margin:1.2em 0 .2em}"
    "summary{cursor:pointer}</style></head><body>\n";

// Names come from catalogs: strangers' text.
void AppendText(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
}

void Cell(std::string& out, std::string_view text, std::string_view css = "") {
  out += css.empty() ? "<td>" : "<td class=\"" + std::string(css) + "\">";
  AppendText(out, text);
  out += "</td>";
}

void Number(std::string& out, uint64_t number) { Cell(out, std::to_string(number), "n"); }

void Header(std::string& out, std::initializer_list<std::string_view> names) {
  out += "<table><tr>";
  for (const std::string_view name : names) {
    out += "<th>";
    out += name;
    out += "</th>";
  }
  out += "</tr>\n";
}

void AddSources(const OperationsView& view, std::string& out) {
  out += "<h2>Sources</h2>\n";
  Header(out, {"source", "state", "last good word", "why"});
  for (const SourceStatus& source : view.sources) {
    out += "<tr>";
    Cell(out, source.where);
    const bool good = source.ready && !source.failing;
    Cell(out, source.failing ? "failing" : source.ready ? "ready" : "waiting", good ? "ok" : "bad");
    Cell(out, source.good == 0 ? "never" : options::FormatDuration(source.age) + " ago");
    Cell(out, source.reason);
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void AddTroubles(const OperationsView& view, std::string& out) {
  if (view.conflicts.empty() && view.warnings.empty()) return;
  out += "<h2>Conflicts and warnings</h2>\n<ul>";
  for (const Conflict& conflict : view.conflicts) {
    out += "<li class=\"bad\">";
    AppendText(out, conflict.what + ": " + conflict.winner + " has it, " + conflict.loser + " wants it too");
    out += "</li>";
  }
  for (const std::string& warning : view.warnings) {
    out += "<li>";
    AppendText(out, warning);
    out += "</li>";
  }
  out += "</ul>\n";
}

void AddListeners(const OperationsView& view, std::string& out) {
  out += "<h2>Listeners</h2>\n";
  Header(out, {"address", "kind", "service", "state", "why"});
  for (const ListenerRow& row : ListenerRows(view)) {
    out += "<tr>";
    Cell(out, row.address);
    Cell(out, row.kind);
    Cell(out, row.service);
    Cell(out, row.state, row.state == "bound" ? "ok" : "bad");
    Cell(out, row.reason);
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void AddEndpoints(const ServiceRow& service, std::string& out) {
  Header(out, {"endpoint", "id", "version", "tier", "weight", "state", "in use", "requests", "failures", "why"});
  for (const EndpointRow& row : service.endpoints) {
    out += "<tr>";
    Cell(out, row.endpoint->name());
    Cell(out, row.id);
    Cell(out, row.version);
    Number(out, row.tier);
    Number(out, row.weight);
    Cell(out, EndpointStateName(row.verdict.state), IsUsable(row.verdict.state) ? "ok" : "bad");
    Number(out, row.endpoint->in_use());
    Number(out, row.endpoint->counters.requests);
    Number(out, row.endpoint->counters.failures);
    Cell(out, row.verdict.reason);
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void AddService(const ServiceRow& service, std::string& out) {
  const auto usable =
      std::ranges::count_if(service.endpoints, [](const EndpointRow& r) { return IsUsable(r.verdict.state); });
  const auto present = std::ranges::count_if(
      service.endpoints, [](const EndpointRow& r) { return r.verdict.state != EndpointState::kRemoved; });
  out += usable == present && usable > 0 ? "<details><summary>" : "<details open><summary class=\"bad\">";
  out += "<b>";
  AppendText(out, service.pool->service);
  out += "</b> " + std::to_string(usable) + "/" + std::to_string(present) + " usable, " +
         std::to_string(service.pool->state->requests) + " requests";
  if (service.state != "known") {
    out += ", ";
    AppendText(out, service.state);
    if (!service.reason.empty()) out += ": ";
    AppendText(out, service.reason);
  }
  out += "</summary>\n";
  AddEndpoints(service, out);
  out += "</details>\n";
}

}  // namespace

std::string StatusHtml(const OperationsView& view) {
  std::string out(kHead);
  out += "<h1>Signpost lb " + std::string(kVersion) + "</h1>\n<p class=\"";
  const http::Readiness ready = Ready(view);
  out += ready.status == 200 ? "ok\">" : "bad\">";
  AppendText(out, ready.line);
  out += "</p>\n";
  AddSources(view, out);
  AddTroubles(view, out);
  AddListeners(view, out);
  out += "<h2>Services</h2>\n";
  for (const ServiceRow& service : ServiceRows(view)) AddService(service, out);
  return out + "</body></html>\n";
}

}  // namespace signpost::lb
