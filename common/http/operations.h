// Signpost. Apache-2.0; see LICENSE.
// The paths that every program's operations listener has: /healthz, /readyz, /metrics, /status.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/http/server.h"

namespace signpost::http {

struct Readiness {
  int status = 200;  // 200 or 503
  std::string line;  // without its line end
};

// Made anew for each request that asks for it.
struct OperationsPages {
  std::function<Readiness()> ready;
  std::function<std::string()> metrics;  // Prometheus text
  std::function<std::string()> status;   // JSON
};

bool IsOperationsPath(std::string_view path);
// 404 for other paths, 405 for methods other than GET and HEAD.
ServerResponse AnswerOperations(const OperationsPages& pages, const ServerRequest& request);

}  // namespace signpost::http
