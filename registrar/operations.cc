// Signpost. Apache-2.0; see LICENSE.
#include "registrar/operations.h"

#include <string>
#include <string_view>
#include <utility>

#include "registrar/metrics_page.h"
#include "registrar/status_page.h"

namespace signpost::registrar {
namespace {

http::ServerResponse Text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status, .headers = {{"Content-Type", std::string(type)}}, .body = std::move(body)};
}

http::ServerResponse Readiness(const OperationsView& view) {
  const std::string why = WhyNotReady(view.reconciler.view());
  return why.empty() ? Text(200, "ready\n") : Text(503, why + "\n");
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

}  // namespace signpost::registrar
