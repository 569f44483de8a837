// Signpost. Apache-2.0; see LICENSE.
// What the operations listener answers: /healthz, /readyz, /metrics, /status. Control thread; reads only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/server.h"
#include "dnsd/feed/consul_feed.h"
#include "dnsd/forwarding.h"
#include "dnsd/publisher.h"
#include "dnsd/registry/registry.h"
#include "dnsd/worker.h"

namespace signpost::dnsd {

// Everything that the pages show. All references outlive the object.
struct OperationsView {
  const std::vector<std::unique_ptr<Worker>>& workers;
  const Publisher& publisher;
  Forwarding& forwarding;
  const feed::ConsulFeed* feed;        // null without Consul
  const registry::Registry* registry;  // null with Consul
  std::vector<net::SocketAddress> listen;
  Nanos started;  // monotonic
};

// 404 for other paths, 405 for methods other than GET and HEAD.
http::ServerResponse AnswerOperations(const OperationsView& view, const http::ServerRequest& request);

}  // namespace signpost::dnsd
