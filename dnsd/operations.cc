// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/operations.h"

#include <algorithm>

#include "common/http/operations.h"
#include "dnsd/metrics_page.h"
#include "dnsd/status_page.h"

namespace signpost::dnsd {
namespace {

std::string TroubleOf(const OperationsView& view) { return view.feed == nullptr ? "" : view.feed->status().trouble; }

// Ready once there is something to answer from. Degraded answers are answers still, so the status stays 200.
http::Readiness Ready(const OperationsView& view) {
  const bool behind = std::ranges::any_of(
      view.workers, [](const auto& worker) { return worker->freshness() == catalog::Freshness::kStarting; });
  if (behind) return {503, "starting: waiting for the first catalog from Consul"};
  switch (view.publisher.freshness()) {
    case catalog::Freshness::kStarting:
      return {503, "starting: waiting for the first catalog from Consul"};
    case catalog::Freshness::kFresh:
      return {200, "ready"};
    case catalog::Freshness::kStale:
      return {200, "degraded: Consul is lost, answering from the last known catalog: " + TroubleOf(view)};
    case catalog::Freshness::kExpired:
      return {503, "expired: Consul has been lost for longer than --max-stale: " + TroubleOf(view)};
  }
  return {503, ""};
}

}  // namespace

http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request) {
  return http::AnswerOperations({.ready = [&view] { return Ready(view); },
                                 .metrics = [&view] { return MetricsPage(view); },
                                 .status = [&view] { return StatusPage(view); }},
                                request);
}

}  // namespace signpost::dnsd
