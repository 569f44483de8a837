// Signpost. Apache-2.0; see LICENSE.
// Where a Consul agent is, from --consul or CONSUL_HTTP_ADDR, and the URLs below it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"

namespace signpost::consul {

using Params = std::vector<std::pair<std::string, std::string>>;

struct AgentAddress {
  std::string base;         // "http://127.0.0.1:8500", no slash at the end
  std::string unix_socket;  // path, or ""
};

// "http://host:port[/prefix]", "https://...", "host:port" (http), "unix:///path/to/socket". The message of a failure
// (kConfig) names the text and the forms. A URL with user and password is refused: it would show up in logs.
Result<AgentAddress> ParseAgentUrl(std::string_view text);

// Percent-encodes everything but RFC 3986's unreserved characters, so that any name is one path segment.
std::string EncodeSegment(std::string_view text);

// base + path + "?a=1&b"; a parameter with an empty value is written without "=". `path` is encoded already.
std::string BuildUrl(std::string_view base, std::string_view path, const Params& params);

}  // namespace signpost::consul
