// Signpost. Apache-2.0; see LICENSE.
// The options that every program has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/options/options.h"
#include "common/options/row.h"

namespace signpost::options {

// --config, --check, --version, --help[=markdown], --log-level, --log-format.
Rows ProgramRows();
// --consul and what belongs to it. The variables are those of Consul's own tools. `token_help` says which rights the
// token needs.
Rows ConsulRows(std::string_view token_help = "ACL token for Consul; needs service:read and node:read");

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};
LogOptions ReadLogOptions(const Values& values);

// How to reach a Consul agent.
struct ConsulOptions {
  std::string url;          // "http://127.0.0.1:8500", without a final slash; "http://localhost" with a Unix socket
  std::string unix_socket;  // path, or empty
  std::string token;        // a secret; empty = see token_file
  std::string token_file;   // only without a token; empty too = anonymous
  std::string ca_file;      // empty = the system's
  std::string client_cert;  // empty = none
  std::string client_key;
};
// None without --consul. The token file has been found to hold a token.
Result<std::optional<ConsulOptions>> ReadConsulOptions(const Values& values);

}  // namespace signpost::options
