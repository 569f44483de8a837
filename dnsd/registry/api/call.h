// Signpost. Apache-2.0; see LICENSE.
// One request to Consul's HTTP API on its way to an endpoint, and the endpoint's answer on its way back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/server.h"
#include "dnsd/registry/engine/engine.h"
#include "dnsd/registry/model/topic.h"

namespace signpost::registry {

// The parameters that all reads of the catalog take, read and checked before the endpoint is called.
struct QueryOptions {
  uint64_t index = 0;
  Millis wait{0};  // 0 = not given
  enum class Consistency : unsigned char { kDefault, kStale, kConsistent } consistency = Consistency::kDefault;
  bool cached = false;
  std::string datacenter;                                      // the own one, if not given
  std::string near;                                            // "_agent" is replaced by the own node's name
  std::vector<std::pair<std::string, std::string>> node_meta;  // node-meta=key:value
  std::string filter;
};

struct Call {
  const http::ServerRequest& request;
  std::string rest;  // of the path, decoded, where the route's pattern ends in '*'
  QueryOptions options;

  std::optional<std::string> Param(std::string_view name) const { return request.Param(name); }
};

struct Answer {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";  // "" = none
  std::vector<std::pair<std::string, std::string>> headers;

  // Of reads that can block: what the reply's X-Consul-Index is, and which topics can change it. While the request's
  // index is not below it, the request waits for one of them.
  std::optional<uint64_t> index;
  Topics topics;
  // Of reads that block by content (?hash=): X-Consul-ContentHash. While it equals the request's hash, it waits.
  std::string hash;
};

// `json` as the body.
Answer JsonAnswer(std::string json);
// One line of plain text, as Consul words its errors.
Answer TextAnswer(int status, std::string text);
// "true" or "false".
Answer BoolAnswer(bool value);
// 200 without a body.
Answer EmptyAnswer();

}  // namespace signpost::registry
