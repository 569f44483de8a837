// Signpost. Apache-2.0; see LICENSE.
// What the operations listener answers: /healthz, /readyz, /metrics, /status. Reads only.
#pragma once

#include "common/base/clock.h"
#include "common/consul/agent_client.h"
#include "common/http/server.h"
#include "registrar/docker/engine_client.h"
#include "registrar/host_address.h"
#include "registrar/reconcile/reconciler.h"

namespace signpost::registrar {

// Everything that the pages show. All references outlive the object.
struct OperationsView {
  const Reconciler& reconciler;
  const EngineClient& engine;
  const consul::AgentClient& agent;
  const HostAddresses& addresses;
  bool dry_run;
  Nanos started;  // monotonic
};

// 404 for other paths, 405 for methods other than GET and HEAD.
http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request);

// "" when the services are followed now, else why not. One line.
std::string WhyNotReady(const Reconciler::View& view);

}  // namespace signpost::registrar
