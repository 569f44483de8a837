// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/access_record.h"

namespace signpost::lb {

std::string_view TerminationName(Termination termination) {
  switch (termination) {
    case Termination::kOk:
      return "ok";
    case Termination::kClientAbort:
      return "client_abort";
    case Termination::kClientTimeout:
      return "client_timeout";
    case Termination::kBadRequest:
      return "bad_request";
    case Termination::kNoRoute:
      return "no_route";
    case Termination::kNoEndpoint:
      return "no_endpoint";
    case Termination::kQueueTimeout:
      return "queue_timeout";
    case Termination::kQueueFull:
      return "queue_full";
    case Termination::kConnectFailed:
      return "connect_failed";
    case Termination::kUpstreamReset:
      return "upstream_reset";
    case Termination::kUpstreamTimeout:
      return "upstream_timeout";
    case Termination::kUpstreamMalformed:
      return "upstream_malformed";
    case Termination::kTruncated:
      return "truncated";
    case Termination::kLocal:
      return "local";
    case Termination::kTunnel:
      return "tunnel";
    case Termination::kIdle:
      return "idle";
    case Termination::kDrained:
      return "drained";
    case Termination::kShutdown:
      return "shutdown";
  }
  return "unknown";
}

}  // namespace signpost::lb
