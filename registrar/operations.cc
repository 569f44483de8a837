// Signpost. Apache-2.0; see LICENSE.
#include "registrar/operations.h"

#include <string>

#include "common/http/operations.h"
#include "registrar/metrics_page.h"
#include "registrar/status_page.h"

namespace signpost::registrar {
namespace {

http::Readiness Ready(const OperationsView& view) {
  const std::string why = WhyNotReady(view.reconciler.view());
  if (why.empty()) return {200, "ready"};
  return {503, why};
}

std::string Because(const std::string& trouble) { return trouble.empty() ? "" : ": " + trouble; }

}  // namespace

std::string WhyNotReady(const Reconciler::View& view) {
  if (!view.engine_connected) return "the Docker Engine is away" + Because(view.engine_trouble);
  if (view.agent_denied) return "the Consul agent refuses the token" + Because(view.agent_trouble);
  if (!view.agent_reachable) return "the Consul agent is away" + Because(view.agent_trouble);
  return view.synced ? "" : "starting: waiting for the first full picture";
}

http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request) {
  return http::AnswerOperations({.ready = [&view] { return Ready(view); },
                                 .metrics = [&view] { return MetricsPage(view); },
                                 .status = [&view] { return StatusPage(view); }},
                                request);
}

}  // namespace signpost::registrar
