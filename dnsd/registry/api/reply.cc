// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/reply.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/json/json.h"
#include "dnsd/registry/api/clean_path.h"

namespace signpost::registry {
namespace {

using Consistency = QueryOptions::Consistency;

constexpr std::string_view kJson = "application/json";

// Which endpoints tell how consistent their answer is.
bool ShowsConsistency(std::string_view path) {
  return path.starts_with("/v1/catalog/") || path.starts_with("/v1/health/") || path.starts_with("/v1/query");
}

// Where Consul's agents keep a cache.
bool TakesCached(std::string_view path) {
  static constexpr std::array<std::string_view, 5> kPaths = {"/v1/catalog/services", "/v1/catalog/service/",
                                                             "/v1/catalog/datacenters", "/v1/health/service/",
                                                             "/v1/health/connect/"};
  return std::any_of(kPaths.begin(), kPaths.end(), [path](std::string_view each) { return path.starts_with(each); }) ||
         (path.starts_with("/v1/query/") && path.ends_with("/execute"));
}

void AddReadHeaders(const http::ServerRequest& request, const QueryOptions& options, const Answer& answer,
                    http::ServerResponse& response) {
  if (answer.index) {
    response.headers.emplace_back("X-Consul-Index", std::to_string(*answer.index));
    response.headers.emplace_back("X-Consul-Knownleader", "true");
    response.headers.emplace_back("X-Consul-Lastcontact", "0");
    if (ShowsConsistency(request.path)) {
      response.headers.emplace_back("X-Consul-Effective-Consistency", ConsistencyName(options.consistency));
    }
  }
  // Every answer is made from the state itself.
  if (options.cached && TakesCached(request.path)) response.headers.emplace_back("X-Cache", "MISS");
}

void CopyJson(json::Value from, json::Writer& to) {
  if (from.IsObject()) {
    to.BeginObject();
    from.ForEachMember([&to](std::string_view key, json::Value value) {
      to.Key(key);
      CopyJson(value, to);
    });
    to.EndObject();
  } else if (from.IsArray()) {
    to.BeginArray();
    from.ForEachElement([&to](json::Value value) { CopyJson(value, to); });
    to.EndArray();
  } else if (from.IsString()) {
    to.String(from.String());
  } else if (from.IsBool()) {
    to.Bool(from.Bool());
  } else if (from.IsNumber()) {
    if (from.Uint() != 0 || from.Double() == 0) {
      to.Uint(from.Uint());
    } else if (from.Int() != 0) {
      to.Int(from.Int());
    } else {
      to.Double(from.Double());
    }
  } else {
    to.Null();
  }
}

std::string Pretty(const std::string& text) {
  const auto document = json::Document::Parse(text);
  if (!document.ok()) return text;
  json::Writer out(/*pretty=*/true);
  CopyJson(document->root(), out);
  return out.Take() + "\n";
}

}  // namespace

std::string ConsistencyName(Consistency consistency) {
  switch (consistency) {
    case Consistency::kDefault:
      return "leader";
    case Consistency::kStale:
      return "stale";
    case Consistency::kConsistent:
      return "consistent";
  }
  return "";
}

http::ServerResponse MakeReply(const http::ServerRequest& request, const QueryOptions& options, RouteKind kind,
                               const Answer& answer, http::SharedBodyPtr body) {
  http::ServerResponse response;
  response.status = answer.status;
  if (!answer.content_type.empty()) response.headers.emplace_back("Content-Type", std::string(answer.content_type));
  if (kind == RouteKind::kRead) AddReadHeaders(request, options, answer, response);
  if (!answer.hash.empty()) response.headers.emplace_back("X-Consul-Contenthash", answer.hash);
  response.headers.insert(response.headers.end(), answer.headers.begin(), answer.headers.end());
  if (answer.content_type == kJson && request.HasParam("pretty")) {
    response.body = Pretty(body ? body->text() : answer.body);
  } else if (body) {
    response.shared_body = std::move(body);
  } else {
    response.body = answer.body;
  }
  return response;
}

http::ServerResponse PlainReply(const Answer& answer) { return MakeReply({}, {}, RouteKind::kAgent, answer, nullptr); }

http::ServerResponse RedirectReply(const http::ServerRequest& request, std::string_view path) {
  const std::string location = EscapePath(path) + (request.query.empty() ? "" : "?" + request.query);
  Answer answer = EmptyAnswer();
  answer.status = 301;
  if (request.method == "GET") {
    std::string shown;
    for (const char c : location) shown += c == '&' ? "&amp;" : std::string(1, c);
    answer.body = "<a href=\"" + shown + "\">Moved Permanently</a>.\n\n";
    answer.content_type = "text/html; charset=utf-8";
  }
  answer.headers.emplace_back("Location", location);
  return PlainReply(answer);
}

http::ServerResponse AllowReply(int status, std::string_view method, const std::vector<const Route*>& routes) {
  Answer answer = status == 200 ? EmptyAnswer() : TextAnswer(status, "method " + std::string(method) + " not allowed");
  std::string allow = "OPTIONS";
  for (const Route* route : routes) allow += "," + std::string(route->method);
  answer.headers.emplace_back("Allow", std::move(allow));
  return PlainReply(answer);
}

}  // namespace signpost::registry
