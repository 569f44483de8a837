// Signpost. Apache-2.0; see LICENSE.
// "host:port" of a TCP check, and what came of connecting to it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/checks/outcome.h"

namespace signpost::registry {

struct TcpTarget {
  std::string host;  // without brackets
  uint16_t port = 0;
};
// Failures in Go's words: "address 127.0.0.1: missing port in address".
Result<TcpTarget> ParseTcpTarget(std::string_view text);

// `status` of the connection, or of ParseTcpTarget.
Outcome JudgeTcp(const Status& status, std::string_view target);

}  // namespace signpost::registry
