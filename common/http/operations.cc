// Signpost. Apache-2.0; see LICENSE.
#include "common/http/operations.h"

#include <utility>

namespace signpost::http {
namespace {

ServerResponse Text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status, .headers = {{"Content-Type", std::string(type)}}, .body = std::move(body)};
}

}  // namespace

bool IsOperationsPath(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/status";
}

ServerResponse AnswerOperations(const OperationsPages& pages, const ServerRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    ServerResponse response = Text(405, "only GET is answered here\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/healthz") return Text(200, "ok\n");
  if (request.path == "/readyz") {
    const Readiness ready = pages.ready();
    return Text(ready.status, ready.line + "\n");
  }
  if (request.path == "/metrics") return Text(200, pages.metrics(), "text/plain; version=0.0.4; charset=utf-8");
  if (request.path == "/status") return Text(200, pages.status(), "application/json");
  return Text(404, "there are /healthz, /readyz, /metrics and /status\n");
}

}  // namespace signpost::http
