// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/api.h"

#include <algorithm>
#include <utility>

#include "common/net/timer.h"
#include "dnsd/registry/api/clean_path.h"
#include "dnsd/registry/api/query_options.h"
#include "dnsd/registry/api/reply.h"

namespace signpost::registry {

// One request, from its arrival to its answer.
struct Api::Exchange {
  http::ServerRequest request;
  std::unique_ptr<http::Responder> responder;
  const Route* route = nullptr;
  std::string rest;
  QueryOptions options;
  bool may_wait = true;  // false once its time is over
  // While it waits:
  std::unique_ptr<WatchHub::Watch> watch;
  std::unique_ptr<net::Timer> limit;
  Topics topics;

  Call call() const { return {.request = request, .rest = rest, .options = options}; }
};

namespace {

// Reads of these depend on the state alone, and its generation tells whether it changed.
bool MayCache(std::string_view path) {
  return path.starts_with("/v1/kv/") || path.starts_with("/v1/catalog/") || path.starts_with("/v1/health/") ||
         path.starts_with("/v1/internal/");
}

// What the answer depends on: not how long the client waits, from where on, or with which token.
std::string CacheKey(const http::ServerRequest& request) {
  std::string key = request.raw_path + "?";
  std::string_view query = request.query;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string_view name = pair.substr(0, pair.find('='));
    if (name != "index" && name != "wait" && name != "token") key.append(pair).append("&");
  }
  return key;
}

bool MustWait(const http::ServerRequest& request, const QueryOptions& options, const Answer& answer) {
  if (answer.index && options.index > 0) return *answer.index <= options.index;
  return !answer.hash.empty() && request.Param("hash") == answer.hash;
}

// "/v1/kv" names nothing itself, but "/v1/kv/" does.
bool NeedsSlash(const Routes& routes, std::string_view path) {
  const std::string below = std::string(path) + "/*";
  const auto has = [&routes](std::string_view pattern) {
    return std::any_of(routes.begin(), routes.end(), [&](const Route& route) { return route.pattern == pattern; });
  };
  return has(below) && !has(path);
}

Answer NotFound() {
  Answer answer = EmptyAnswer();
  answer.status = 404;
  return answer;
}

std::string RestOf(std::string_view pattern, const std::string& path) {
  return pattern.ends_with('*') ? path.substr(pattern.size() - 1) : "";
}

}  // namespace

Api::Api(Engine& engine, AccessRules access)
    : engine_(engine), access_(std::move(access)), routes_(AllRoutes()), random_(RandomSeed()) {}

Api::~Api() {
  for (const auto& [key, exchange] : blocked_) {
    exchange->watch.reset();
    exchange->limit.reset();
  }
}

void Api::Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
  if (const std::string clean = CleanPath(request.path); clean != request.path) {
    return responder->Send(RedirectReply(request, clean));
  }
  if (NeedsSlash(routes_, request.path)) return responder->Send(RedirectReply(request, request.path + "/"));
  if (request.path == "/") return responder->Send(PlainReply(TextAnswer(200, "Consul Agent")));
  const std::vector<const Route*> matches = Match(routes_, request.path);
  if (matches.empty()) return responder->Send(PlainReply(NotFound()));
  if (request.method == "OPTIONS") return responder->Send(AllowReply(200, request.method, matches));
  const auto route = std::find_if(matches.begin(), matches.end(),
                                  [&](const Route* candidate) { return candidate->method == request.method; });
  if (route == matches.end()) return responder->Send(AllowReply(405, request.method, matches));
  if (!MayUse(access_, request, (*route)->kind))
    return responder->Send(PlainReply(TextAnswer(403, "Permission denied")));
  const auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->responder = std::move(responder);
  exchange->route = *route;
  exchange->rest = RestOf((*route)->pattern, exchange->request.path);
  if (auto refused = ReadQueryOptions(exchange->request, (*route)->kind, engine_.options(), exchange->options)) {
    return exchange->responder->Send(PlainReply(*refused));
  }
  // A read may wait for minutes, and needs no body.
  if (exchange->route->kind != RouteKind::kWrite) std::string().swap(exchange->request.body);
  Run(exchange);
}

void Api::Run(const ExchangePtr& exchange) {
  if (exchange->route->kind == RouteKind::kWrite) return RunWrite(exchange);
  RunRead(exchange, true);
}

void Api::RunWrite(const ExchangePtr& exchange) {
  if (!engine_.MayWrite()) {
    return exchange->responder->Send(
        PlainReply(TextAnswer(500, "the registry's database has refused writes for long")));
  }
  engine_.state().BeginWrite();
  Answer answer = exchange->route->handle(engine_, exchange->call());
  engine_.Commit([exchange, answer = std::move(answer)](const Status& status) {
    exchange->responder->Send(MakeReply(exchange->request, exchange->options, RouteKind::kWrite,
                                        status.ok() ? answer : TextAnswer(500, status.text()), nullptr));
  });
}

ReadCache::Entry Api::Evaluate(Exchange& exchange) {
  const auto handle = [&] { return exchange.route->handle(engine_, exchange.call()); };
  if (exchange.route->kind != RouteKind::kRead || !MayCache(exchange.request.path)) {
    return {.answer = handle(), .body = nullptr};
  }
  const std::string key = CacheKey(exchange.request);
  const uint64_t generation = engine_.state().generation();
  if (const ReadCache::Entry* known = cache_.Find(generation, key)) return *known;
  return cache_.Put(generation, key, handle());
}

void Api::RunRead(const ExchangePtr& exchange, bool may_wait) {
  exchange->may_wait = exchange->may_wait && may_wait;
  ReadCache::Entry entry = Evaluate(*exchange);
  if (exchange->may_wait && MustWait(exchange->request, exchange->options, entry.answer))
    return Block(exchange, entry.answer);
  Unblock(exchange);
  Send(exchange, std::move(entry));
}

// What the answer shows may not be on disk yet.
void Api::Send(const ExchangePtr& exchange, ReadCache::Entry entry) {
  engine_.WhenSettled([this, exchange, entry = std::move(entry)](const Status& status) {
    if (!status.ok()) return RunRead(exchange, exchange->may_wait);  // it showed what has been taken back
    exchange->responder->Send(
        MakeReply(exchange->request, exchange->options, exchange->route->kind, entry.answer, entry.body));
  });
}

void Api::Block(const ExchangePtr& exchange, const Answer& answer) {
  Exchange* const key = exchange.get();
  if (!exchange->watch || exchange->topics != answer.topics) {
    exchange->topics = answer.topics;
    exchange->watch = engine_.watches().Add(answer.topics, [this, key] { OnTouched(key); });
  }
  if (!blocked_.emplace(key, exchange).second) return;
  exchange->limit = std::make_unique<net::Timer>(engine_.loop(), [this, key] {
    const ExchangePtr waiting = blocked_.at(key);
    RunRead(waiting, false);
  });
  exchange->limit->Start(WaitLimit(exchange->options.wait, random_.Unit()));
  // It may have closed its sending side only: it gets what there is.
  exchange->responder->OnGone([this, key] {
    const auto found = blocked_.find(key);
    if (found == blocked_.end()) return;
    const ExchangePtr waiting = found->second;
    RunRead(waiting, false);
  });
}

void Api::Unblock(const ExchangePtr& exchange) {
  if (blocked_.erase(exchange.get()) == 0) return;
  exchange->watch.reset();
  exchange->limit.reset();
}

void Api::OnTouched(Exchange* exchange) {
  const auto found = blocked_.find(exchange);
  if (found == blocked_.end()) return;
  const ExchangePtr waiting = found->second;
  RunRead(waiting, true);
}

}  // namespace signpost::registry
