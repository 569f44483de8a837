// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/query_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "dnsd/registry/definition/go_duration.h"

namespace signpost::registry {
namespace {

using http::ServerRequest;

// Where the open edition of Consul does not mind a namespace.
constexpr std::array<std::string_view, 8> kNamespaceIgnored = {
    "/v1/catalog/nodes", "/v1/catalog/datacenters", "/v1/query", "/v1/status", "/v1/coordinate",
    "/v1/event",         "/v1/agent/self",          "/v1/txn"};

bool RefusesNamespace(const ServerRequest& request) {
  if (!request.HasParam("ns")) return false;
  return std::none_of(kNamespaceIgnored.begin(), kNamespaceIgnored.end(),
                      [&](std::string_view path) { return request.path.starts_with(path); });
}

// Writes that say in their body which datacenter they mean, or mean the agent.
bool IgnoresDatacenter(std::string_view path) {
  return path.starts_with("/v1/agent/") || path == "/v1/catalog/register" || path == "/v1/catalog/deregister";
}

bool IsSeconds(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The directives of Cache-Control that bear on an agent's cache. There is none here, but wrong ones are told.
bool CacheControlIsValid(std::string_view header) {
  while (!header.empty()) {
    std::string_view directive = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), directive.size() + 1));
    while (directive.starts_with(' ')) directive.remove_prefix(1);
    while (directive.ends_with(' ')) directive.remove_suffix(1);
    for (const std::string_view name : {"max-age=", "stale-if-error="}) {
      if (directive.starts_with(name) && !IsSeconds(directive.substr(name.size()))) return false;
    }
  }
  return true;
}

bool ReadIndex(const std::string& text, uint64_t& index) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Answer> ReadBlocking(const ServerRequest& request, QueryOptions& options) {
  if (const auto wait = request.Param("wait"); wait && !wait->empty()) {
    const auto nanos = ParseGoDuration(*wait);
    if (!nanos.ok()) return TextAnswer(400, "Invalid wait time");
    options.wait = AtLeastMillis(nanos.value());
  }
  if (const auto index = request.Param("index"); index && !index->empty()) {
    if (!ReadIndex(*index, options.index)) return TextAnswer(400, "Invalid index");
  }
  return std::nullopt;
}

std::optional<Answer> ReadConsistency(const ServerRequest& request, QueryOptions& options) {
  const bool stale = request.HasParam("stale");
  const bool consistent = request.HasParam("consistent");
  options.cached = request.HasParam("cached");
  if (options.cached && !CacheControlIsValid(request.Header("cache-control"))) {
    return TextAnswer(400, "Invalid Cache-Control header.");
  }
  if (stale && consistent) return TextAnswer(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
  if (options.cached && consistent) {
    return TextAnswer(400, "Cannot specify ?cached with ?consistent, conflicting semantics.");
  }
  if (stale) options.consistency = QueryOptions::Consistency::kStale;
  if (consistent) options.consistency = QueryOptions::Consistency::kConsistent;
  return std::nullopt;
}

void ReadNodeMeta(const ServerRequest& request, QueryOptions& options) {
  for (const std::string& pair : request.Params("node-meta")) {
    const size_t colon = pair.find(':');
    options.node_meta.emplace_back(pair.substr(0, colon), colon == std::string::npos ? "" : pair.substr(colon + 1));
  }
}

}  // namespace

std::optional<Answer> ReadQueryOptions(const ServerRequest& request, RouteKind kind, const EngineOptions& own,
                                       QueryOptions& options) {
  if (RefusesNamespace(request)) {
    return TextAnswer(400, "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature");
  }
  options.datacenter = own.datacenter;
  options.filter = request.Param("filter").value_or("");
  // Of the agent's own endpoints, only these can wait.
  const bool may_wait = kind != RouteKind::kAgent || request.path.starts_with("/v1/agent/service/") ||
                        request.path.starts_with("/v1/event/");
  if (may_wait) {
    if (auto refused = ReadBlocking(request, options)) return refused;
  }
  if (kind == RouteKind::kAgent || IgnoresDatacenter(request.path)) return std::nullopt;
  if (auto refused = ReadConsistency(request, options)) return refused;
  options.near = request.Param("near").value_or("");
  if (options.near == "_agent") options.near = own.node;
  ReadNodeMeta(request, options);
  const std::string datacenter = request.Param("dc").value_or("");
  if (request.path == "/v1/catalog/datacenters") return std::nullopt;
  if (!datacenter.empty() && datacenter != own.datacenter) return TextAnswer(500, "No path to datacenter");
  return std::nullopt;
}

Millis WaitLimit(Millis wait, double random) {
  constexpr Millis kDefault = std::chrono::minutes(5);
  constexpr Millis kMost = std::chrono::minutes(10);
  const Millis limit = wait <= Millis(0) ? kDefault : std::min(wait, kMost);
  return limit + Millis(static_cast<int64_t>(static_cast<double>(limit.count()) / 16 * random));
}

}  // namespace signpost::registry
