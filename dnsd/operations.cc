// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/operations.h"

#include <algorithm>
#include <string_view>

#include "common/json/json.h"
#include "dnsd/metrics_page.h"
#include "dnsd/status_page.h"

namespace signpost::dnsd {
namespace {

http::ServerResponse Text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status, .headers = {{"Content-Type", std::string(type)}}, .body = std::move(body)};
}

std::string TroubleOf(const OperationsView& view) { return view.feed == nullptr ? "" : view.feed->status().trouble; }

// Ready once there is something to answer from. Degraded answers are answers still, so the status stays 200.
http::ServerResponse Readiness(const OperationsView& view) {
  const bool behind = std::ranges::any_of(
      view.workers, [](const auto& worker) { return worker->freshness() == catalog::Freshness::kStarting; });
  if (behind) return Text(503, "starting: waiting for the first catalog from Consul\n");
  switch (view.publisher.freshness()) {
    case catalog::Freshness::kStarting:
      return Text(503, "starting: waiting for the first catalog from Consul\n");
    case catalog::Freshness::kFresh:
      return Text(200, "ready\n");
    case catalog::Freshness::kStale:
      return Text(200, "degraded: Consul is lost, answering from the last known catalog: " + TroubleOf(view) + "\n");
    case catalog::Freshness::kExpired:
      return Text(503, "expired: Consul has been lost for longer than --max-stale: " + TroubleOf(view) + "\n");
  }
  return Text(503, "");
}

}  // namespace

bool IsOperationsPath(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/status";
}

http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::ServerResponse response = Text(405, "only GET is answered here\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/healthz") return Text(200, "ok\n");
  if (request.path == "/readyz") return Readiness(view);
  if (request.path == "/metrics") return Text(200, MetricsPage(view), "text/plain; version=0.0.4; charset=utf-8");
  if (request.path == "/status") return Text(200, StatusPage(view), "application/json");
  return Text(404, "there are /healthz, /readyz, /metrics and /status\n");
}

}  // namespace signpost::dnsd
