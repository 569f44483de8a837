// Signpost. Apache-2.0; see LICENSE.
// What the access log and the counters say of one request or TCP session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/net/address.h"

namespace signpost::lb {

// How it ended. The text form is the log's "termination".
enum class Termination : unsigned char {
  kOk,
  kClientAbort,    // the client reset or closed before the answer was complete
  kClientTimeout,  // head, body or reading too slow
  kBadRequest,     // refused by the parser
  kNoRoute,
  kNoEndpoint,  // the service has none
  kQueueTimeout,
  kQueueFull,
  kConnectFailed,
  kUpstreamReset,
  kUpstreamTimeout,
  kUpstreamMalformed,
  kTruncated,  // the endpoint broke off within the answer
  kLocal,      // answered here: redirect, OPTIONS with Max-Forwards: 0
  kTunnel,     // an upgraded connection ended in order
  kIdle,       // TCP or tunnel idle limit
  kDrained,    // the endpoint's drain deadline
  kShutdown,
};
std::string_view TerminationName(Termination termination);  // "ok", "client_abort", ...

// Views are valid during the call that takes the record.
struct AccessRecord {
  bool tcp = false;
  Nanos wall{0};                                               // of its end, since 1970
  net::SocketAddress client;                                   // by the PROXY header where there is one
  std::string_view method, target, host, user_agent, referer;  // HTTP
  std::string_view protocol;                                   // "HTTP/1.1"
  int status = 0;                                              // 0 = none was sent
  uint64_t bytes_received = 0;                                 // from the client: body, or all of a TCP session
  uint64_t bytes_sent = 0;
  std::string_view service;
  std::string_view endpoint;  // the last one tried
  std::string_view version;
  std::string_view request_id;
  uint32_t attempts = 0;
  Nanos duration{0};
  Nanos connect{-1};   // of the last attempt; -1 = a pooled connection or none
  Nanos upstream{-1};  // from request sent to head complete
  Termination termination = Termination::kOk;
};

// Takes records on one worker's thread. Never blocks: what there is no room for is dropped and counted.
class AccessSink {
 public:
  virtual void Record(const AccessRecord& record) = 0;

 protected:
  ~AccessSink() = default;
};

}  // namespace signpost::lb
