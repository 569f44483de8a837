// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_client.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/http/url.h"
#include "common/json/json.h"
#include "registrar/container/event_lines.h"
#include "registrar/docker/engine_reply.h"
#include "registrar/docker/engine_version.h"

namespace signpost::registrar {
namespace {

// The stream, inspects, a list, pings.
constexpr int kMaxConnections = 32;
constexpr Millis kConnectTimeout{3000};
constexpr size_t kMaxBody = size_t{64} << 20;
constexpr size_t kMaxErrorBody = 4096;
// What the kill after the grace may take, in ordinary time-outs.
constexpr int kKillTimeouts = 3;
// Less than it takes to notice a black hole, so that what comes after one begins on new connections.
constexpr Millis kMaxIdle{5000};

http::ClientOptions HttpOptions(const EngineOptions& options) {
  http::ClientOptions http;
  http.max_connections = kMaxConnections;
  http.connect_timeout = std::min(kConnectTimeout, options.timeout);
  http.max_body = kMaxBody;
  http.tls = options.address.tls;
  http.max_idle = kMaxIdle;
  http.unix_socket = options.address.unix_socket;
  return http;
}

// One event stream, from the head of its reply to its end.
struct EventReader {
  void TakeHead(const http::Response& head) {
    status = head.status;
    if (head.status == 200) handlers.on_open();
  }

  void TakeBody(std::string_view piece) {
    if (status != 200) {
      error.append(piece.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, error.size())));
      return;
    }
    const size_t dropped = lines.dropped();
    lines.Feed(piece, [this](std::string_view line) { TakeLine(line); });
    if (const size_t more = lines.dropped() - dropped; more > 0) {
      counters.dropped_events.Add(more);
      LogWarn("the Docker Engine sent an event longer than 1 MiB: left out");
      handlers.on_unreadable();
    }
  }

  void TakeLine(std::string_view line) {
    const auto event = ParseEvent(line);
    if (event.ok()) return handlers.on_event(event.value());
    counters.bad_events.Add();
    handlers.on_unreadable();
  }

  void TakeEnd(const Result<http::Response>& end) {
    Status why = end.ok() ? JudgeStatus("GET /events", end->status, error) : end.status();
    if (why.ok()) why = Status::Unavailable("the Docker Engine closed its event stream");
    counters.errors.Add();
    handlers.on_end(std::move(why));
  }

  EngineClient::EventHandlers handlers;
  EngineClient::Counters& counters;
  EventLines lines = {};
  int status = 0;
  std::string error = {};  // the body of a refusal
};

}  // namespace

EngineClient::EngineClient(net::Loop& loop, EngineOptions options)
    : options_(std::move(options)), http_(loop, HttpOptions(options_)) {}

http::Request EngineClient::MakeRequest(std::string method, const std::string& path) const {
  http::Request request;
  request.method = std::move(method);
  request.url = options_.address.base + path;
  request.timeout = options_.timeout;
  return request;
}

std::string EngineClient::Versioned(const std::string& path) const {
  return api_version_.empty() ? path : "/v" + api_version_ + path;
}

void EngineClient::Send(Call& call, http::Request request, OnBody done) {
  counters_.requests.Add();
  std::string what = request.method + " " + request.url.substr(options_.address.base.size());
  call.http_ =
      http_.Send(std::move(request), [this, what = std::move(what), done = std::move(done)](Result<http::Response> r) {
        Status status = Judge(what, r);
        if (status.ok()) {
          done(std::move(r));
        } else {
          done(std::move(status));
        }
      });
}

Status EngineClient::Judge(const std::string& what, const Result<http::Response>& result) {
  Status status = result.ok() ? JudgeStatus(what, result->status, result->body) : result.status();
  if (!status.ok() && status.kind() != ErrorKind::kNotFound) counters_.errors.Add();
  return status;
}

std::unique_ptr<EngineClient::Call> EngineClient::Negotiate(On<EngineInfo> done) {
  auto call = std::make_unique<Call>();
  Call& self = *call;
  Send(self, MakeRequest("GET", "/_ping"), [this, &self, done = std::move(done)](Result<http::Response> ping) {
    if (!ping.ok()) return done(ping.status());
    self.ping_ = std::move(ping).value();
    AskVersion(self, done);
  });
  return call;
}

void EngineClient::AskVersion(Call& call, On<EngineInfo> done) {
  Send(call, MakeRequest("GET", "/version"), [this, &call, done = std::move(done)](Result<http::Response> version) {
    if (!version.ok()) return done(version.status());
    const auto document = json::Document::Parse(version->body);
    const json::Value root = document.ok() ? document->root() : json::Value();
    std::string_view max = root["ApiVersion"].String();
    if (max.empty()) max = call.ping_.Header("api-version");
    auto chosen = ChooseApiVersion(options_.api_version, root["MinAPIVersion"].String(), max);
    if (!chosen.ok()) return done(chosen.status());
    api_version_ = ApiVersionText(chosen.value());
    podman_ = !call.ping_.Header("libpod-api-version").empty();
    AskInfo(call, done);
  });
}

void EngineClient::AskInfo(Call& call, On<EngineInfo> done) {
  Send(call, MakeRequest("GET", Versioned("/info")), [this, done = std::move(done)](Result<http::Response> info) {
    done(info.ok() ? ParseInfo(info->body, podman_) : Result<EngineInfo>(info.status()));
  });
}

std::unique_ptr<EngineClient::Call> EngineClient::Ping(Millis timeout, OnStatus done) {
  auto call = std::make_unique<Call>();
  http::Request request = MakeRequest("GET", "/_ping");
  request.timeout = timeout;
  request.fresh_connection = true;
  Send(*call, std::move(request),
       [done = std::move(done)](const Result<http::Response>& reply) { done(reply.status()); });
  return call;
}

std::unique_ptr<EngineClient::Call> EngineClient::List(On<std::vector<ListEntry>> done) {
  auto call = std::make_unique<Call>();
  Send(*call, MakeRequest("GET", Versioned("/containers/json?all=1")),
       [done = std::move(done)](const Result<http::Response>& list) {
         done(list.ok() ? ParseList(list->body) : Result<std::vector<ListEntry>>(list.status()));
       });
  return call;
}

std::unique_ptr<EngineClient::Call> EngineClient::Inspect(const std::string& id, On<Container> done) {
  auto call = std::make_unique<Call>();
  Send(*call, MakeRequest("GET", Versioned("/containers/" + http::EncodePathSegment(id) + "/json")),
       [done = std::move(done)](const Result<http::Response>& reply) {
         done(reply.ok() ? ParseInspect(reply->body) : Result<Container>(reply.status()));
       });
  return call;
}

std::unique_ptr<EngineClient::Call> EngineClient::Stop(const std::string& id, Millis grace, OnStatus done,
                                                       Millis own_grace) {
  auto call = std::make_unique<Call>();
  std::string path = Versioned("/containers/" + http::EncodePathSegment(id) + "/stop");
  if (grace > Millis(0)) path += "?t=" + std::to_string((grace.count() + 999) / 1000);
  http::Request request = MakeRequest("POST", path);
  request.timeout = kKillTimeouts * options_.timeout + (grace > Millis(0) ? grace : own_grace);
  Send(*call, std::move(request),
       [done = std::move(done)](const Result<http::Response>& reply) { done(reply.status()); });
  return call;
}

std::unique_ptr<EngineClient::Call> EngineClient::Events(int64_t since_nano, EventHandlers handlers) {
  auto call = std::make_unique<Call>();
  std::string path = Versioned("/events?");
  if (since_nano > 0) path += "since=" + SinceText(since_nano) + "&";
  http::Request request = MakeRequest("GET", path + "filters=" + http::EncodeQuery(EventFilters(podman_)));
  request.timeout = Millis(0);
  counters_.requests.Add();

  const auto reader = std::make_shared<EventReader>(EventReader{std::move(handlers), counters_});
  call->http_ = http_.Stream(
      std::move(request), [reader](const http::Response& head) { reader->TakeHead(head); },
      [reader](std::string_view piece) {
        reader->TakeBody(piece);
        return true;
      },
      [reader](const Result<http::Response>& end) { reader->TakeEnd(end); });
  return call;
}

}  // namespace signpost::registrar
