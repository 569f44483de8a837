// Signpost. Apache-2.0; see LICENSE.
// The two messages of grpc.health.v1.Health/Check, framed as gRPC frames them, and what a reply means. Pure; a reply
// may be any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dnsd/registry/checks/outcome.h"

namespace signpost::registry {

// A target "host:port[/service]" in its parts.
struct GrpcTarget {
  std::string_view address;
  std::string_view service;  // "" = the server as a whole
};
GrpcTarget ParseGrpcTarget(std::string_view target);

// HealthCheckRequest {service = 1} in its frame: one byte "not compressed", four of length.
std::string EncodeHealthRequest(std::string_view service);

// HealthCheckResponse {status = 1} out of its frame: UNKNOWN 0, SERVING 1, NOT_SERVING 2, SERVICE_UNKNOWN 3. Nothing
// when the frame or the message is malformed, cut or compressed. Unknown fields are skipped.
std::optional<uint64_t> DecodeHealthStatus(std::string_view body);

struct GrpcReply {
  int http_status = 0;
  bool http2 = false;
  std::string_view content_type;
  std::string_view grpc_status;   // trailer (or header); "" = there was none
  std::string_view grpc_message;  // percent-encoded
  std::string_view body;
};
// `target` is as in the definition, for the text of success.
Outcome JudgeGrpcReply(const GrpcReply& reply, std::string_view target);

// "rpc error: code = NAME desc = TEXT", as Go's gRPC library writes its errors.
std::string RpcError(std::string_view code, std::string_view text);

}  // namespace signpost::registry
