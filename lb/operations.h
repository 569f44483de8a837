// Signpost. Apache-2.0; see LICENSE.
// What the operations listener shows: /, /healthz, /readyz, /metrics, /status. Control thread; reads only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/http/operations.h"
#include "common/http/server.h"
#include "common/net/acceptor.h"
#include "lb/discovery/source.h"
#include "lb/health/checker.h"
#include "lb/listener_set.h"
#include "lb/pool/pool.h"
#include "lb/publish/publisher.h"
#include "lb/route/routes.h"
#include "lb/session/session_context.h"
#include "lb/upstream/idle_pool.h"

namespace signpost::lb {

// One worker's numbers; the pointers are valid while the page is made.
struct WorkerView {
  size_t sessions = 0;
  size_t idle_connections = 0;
  const SessionCounters* counters = nullptr;
  const IdleCounters* idle = nullptr;
  const net::AcceptCounters* accepts = nullptr;
};

// Everything that the pages show, gathered for one request.
struct OperationsView {
  Millis now{0};  // the loop's
  Millis uptime{0};
  bool stopping = false;
  bool held = false;                     // a takeover is under way
  std::string snapshot;                  // how old the services from the snapshot are, while they count; "" = none
  std::shared_ptr<const Routes> routes;  // null before the first publication
  std::vector<SourceStatus> sources;
  std::vector<ListenerSet::ListenerStatus> listeners;
  std::vector<std::string> unbound;  // sentences: listeners that must be there and are not
  std::vector<Conflict> conflicts;
  std::vector<std::string> warnings;
  std::function<const DiscoveredService*(const std::string& service)> find;  // null result = unknown
  const EndpointBook* endpoints = nullptr;                                   // never null
  std::vector<WorkerView> workers;
  CheckCounters checks;
  uint64_t access_written = 0;
  uint64_t access_dropped = 0;
};

// What is wrong, or "" when ready.
std::string WhyNotReady(const OperationsView& view);
http::Readiness Ready(const OperationsView& view);
// 404 for other paths, 405 for methods other than GET and HEAD.
http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request);

}  // namespace signpost::lb
