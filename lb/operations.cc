// Signpost. Apache-2.0; see LICENSE.
#include "lb/operations.h"

#include "lb/metrics_page.h"
#include "lb/status_html.h"
#include "lb/status_page.h"

namespace signpost::lb {

std::string WhyNotReady(const OperationsView& view) {
  if (view.stopping) return "stopping";
  if (view.held) return "taking over from the running lb";
  if (view.routes == nullptr) return "starting";
  for (const SourceStatus& source : view.sources) {
    if (source.ready || !view.snapshot.empty()) continue;
    return "waiting for " + source.where + (source.reason.empty() ? "" : ": " + source.reason);
  }
  return view.unbound.empty() ? "" : view.unbound.front();
}

http::Readiness Ready(const OperationsView& view) {
  if (std::string trouble = WhyNotReady(view); !trouble.empty()) return {503, std::move(trouble)};
  for (const SourceStatus& source : view.sources) {
    if (!source.ready) return {200, "ready, from a snapshot " + view.snapshot + " old; waiting for " + source.where};
    if (source.failing)
      return {200, "ready, from the last known services; " + source.where + " fails: " + source.reason};
  }
  return {200, "ready"};
}

http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request) {
  if (request.path == "/" && (request.method == "GET" || request.method == "HEAD")) {
    return {.status = 200,
            .headers = {{"Content-Type", "text/html; charset=utf-8"},
                        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}},
            .body = StatusHtml(view)};
  }
  return http::AnswerOperations({.ready = [&view] { return Ready(view); },
                                 .metrics = [&view] { return MetricsPage(view); },
                                 .status = [&view] { return StatusPage(view); }},
                                request);
}

}  // namespace signpost::lb
