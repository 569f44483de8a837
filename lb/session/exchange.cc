// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "lb/http/forward.h"
#include "lb/session/exchange_pool.h"
#include "lb/session/local_answer.h"

namespace signpost::lb {
namespace {

constexpr size_t kKeptMemory = 16 << 10;

std::string_view FieldValue(const Fields& fields, std::string_view name) {
  const Field* const field = FindField(fields, name);
  return field == nullptr ? std::string_view() : field->value;
}

// By what it is routed: a path that starts with a slash.
std::string_view RoutePath(const RequestHead& request) {
  return request.path.starts_with('/') ? request.path : std::string_view("/");
}

std::string_view Rewrite(std::string_view path, const HttpRoute& route, std::string& scratch) {
  if ((route.strip.empty() && route.prepend.empty()) || path == "*") return path;
  if (!route.strip.empty() && path.starts_with(route.strip)) path.remove_prefix(route.strip.size());
  scratch.assign(route.prepend);
  if (!path.starts_with('/') && !scratch.ends_with('/')) scratch.push_back('/');
  if (path.starts_with('/') && scratch.ends_with('/')) path.remove_prefix(1);
  return scratch.append(path);
}

void CountLatency(SessionCounters& counters, Nanos duration) {
  const double millis = std::chrono::duration<double, std::milli>(duration).count();
  const auto& bounds = SessionCounters::kLatencyBounds;
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), millis) - bounds.begin();
  counters.latency[static_cast<size_t>(bucket)].Add();
  counters.latency_sum_us.Add(static_cast<uint64_t>(duration.count() / 1000));
}

void Trim(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptMemory) text.shrink_to_fit();
}

}  // namespace

Exchange::Exchange(SessionContext& context) : context_(context) {}
Exchange::~Exchange() = default;

Millis Exchange::NowMillis() const { return std::chrono::duration_cast<Millis>(context_.reactor.Now()); }

void Exchange::Reset(const ExchangeClient& client) {
  client_ = client;
  rules_ = context_.rules;
  record_ = rules_->access_log && context_.access != nullptr;
  began_ = context_.reactor.Now();
  http10_ = keep_alive_ = head_request_ = trailers_wanted_ = upgrade_ = expect_ = false;
  request_read_ = request_chunked_ = body_blocked_ = upload_broken_ = pooled_ = stale_used_ = false;
  answer_begun_ = reusable_ = set_sticky_ = false;
  outcome_ = Outcome::kSuccess;
  termination_ = Termination::kOk;
  failed_status_ = status_ = 0;
  attempt_ = 0;
  body_received_ = body_counted_ = bytes_sent_ = from_endpoint_ = to_endpoint_ = 0;
  connect_took_ = upstream_took_ = Nanos(-1);
  buffer_.Clear(rules_->replay);
  answer_scanner_.Reset();
  context_.counters.http_requests.Add();
}

void Exchange::Begin(const ExchangeClient& client, std::string_view head, std::string_view rest) {
  Reset(client);
  RequestHead& request = context_.exchanges->request;
  const HeadVerdict verdict = ParseRequestHead(head, rules_->head, rules_->allow_trace, request);
  if (record_) RememberForLog(request);
  if (!verdict.ok()) {
    context_.counters.bad_requests.Add();
    return Answer(verdict.status, Termination::kBadRequest);
  }
  method_.assign(request.method);
  http10_ = request.http10;
  keep_alive_ = request.keep_alive;
  head_request_ = request.method == "HEAD";
  trailers_wanted_ = request.te_trailers;
  const bool no_body = request.framing != Framing::kChunked && request.content_length == 0;
  upgrade_ = request.upgrade && no_body;
  expect_ = request.expect_continue;
  request_chunked_ = request.framing == Framing::kChunked;
  request_body_ = BodyDecoder(request.framing, request.content_length);
  if (!TakeFirstBody(rest)) {
    context_.counters.bad_requests.Add();
    return Answer(400, Termination::kBadRequest, {}, "The body's chunks are broken.");
  }
  Route(request);
}

void Exchange::Refuse(const ExchangeClient& client, int status) {
  Reset(client);
  if (record_) RememberForLog({});
  const bool late = status == 408;
  if (!late) context_.counters.bad_requests.Add();
  Answer(status, late ? Termination::kClientTimeout : Termination::kBadRequest);
}

// What of the body came with the head stays in the pool's `data` until the head is written.
bool Exchange::TakeFirstBody(std::string_view rest) {
  std::vector<std::string_view>& data = context_.exchanges->data;
  data.clear();
  const size_t taken = request_body_.Decode(rest, data);
  if (request_body_.state() == BodyDecoder::State::kBad) return false;
  body_received_ = taken;
  if (taken > 0) expect_ = false;
  request_read_ = request_body_.state() == BodyDecoder::State::kDone;
  if (taken < rest.size()) client_.owner->KeepRest(rest.substr(taken));
  return true;
}

void Exchange::Route(const RequestHead& request) {
  if (method_ == "OPTIONS" && FieldValue(request.fields, "Max-Forwards") == "0") {
    return Answer(200, Termination::kLocal);  // case H106
  }
  if (!context_.routes) return Answer(503, Termination::kNoEndpoint);
  const std::string_view path = RoutePath(request);
  const HttpRoute* const route = context_.routes->http->Find(request.host, path);
  if (route == nullptr) {
    context_.counters.no_route.Add();
    return Answer(404, Termination::kNoRoute);
  }
  if (route->redirect != 0)
    return Answer(route->redirect, Termination::kLocal, RedirectTarget(route->redirect_to, path));
  slot_ = route->slot;
  if (record_) log_.service = route->service;
  const Balancer* const balancer = context_.BalancerOf(slot_);
  if (balancer == nullptr) return Answer(503, Termination::kNoEndpoint);
  pool_ = balancer->pool();
  pool_->state->requests.fetch_add(1, std::memory_order_relaxed);
  context_.BudgetOf(slot_).CountRequest(NowMillis());
  WriteHead(request, *route);
  ForwardBody();
  Choose();
}

// Independent of the endpoint, so that a retry sends the same bytes.
void Exchange::WriteHead(const RequestHead& request, const HttpRoute& route) {
  ExchangePool& scratch = *context_.exchanges;
  std::array<char, 64> address{};
  const bool trusted = rules_->trusted.Contains(client_.peer);
  const ClientOrigin origin{AddressText(client_.peer, address), trusted, &rules_->trusted};
  keys_ = ReadKeys(request, *pool_->settings, origin, context_.random);
  version_.assign(keys_.version);

  std::array<char, 20> number{};
  const char* const end =
      std::to_chars(number.data(), number.data() + number.size(), ++context_.request_number, 16).ptr;
  scratch.text.assign(context_.request_id_prefix).append(std::string_view(number.data(), end));
  RequestForwarding forwarding;
  forwarding.client = origin.address;
  forwarding.port = client_.port;
  forwarding.trusted = trusted;
  forwarding.forwarded = rules_->forwarded;
  forwarding.via = rules_->via;
  forwarding.request_id = scratch.text;
  forwarding.host = route.send_host;
  forwarding.path = Rewrite(request.path, route, scratch.fields);
  forwarding.upgrade = upgrade_;
  if (record_) {
    const std::string_view own = FieldValue(request.fields, "X-Request-Id");
    log_.request_id = IsRequestId(own) ? own : std::string_view(scratch.text);
  }
  WriteProxyHeader();
  WriteRequestHead(request, forwarding, buffer_.head());
  buffer_.HeadDone();
}

// An answer of our own, in place of an endpoint's.
void Exchange::Answer(int status, Termination termination, std::string_view location, std::string_view why) {
  LeaveEndpoint(Outcome::kNeutral);
  DropUpstream();
  Leave();
  body_deadline_.Cancel();
  LocalAnswer answer;
  answer.status = status_ = status;
  answer.keep_alive = MayKeepAlive();
  answer.http10_client = http10_;
  answer.head_request = head_request_;
  answer.location = location;
  answer.why = why;
  WriteLocalAnswer(answer, pending_.tail());
  termination_ = termination;
  phase_ = Phase::kFlushing;
  end_ = EndAfter(answer.keep_alive);
  Flush();
}

bool Exchange::MayKeepAlive() const {
  return keep_alive_ && request_read_ && !client_.last_request && !context_.draining;
}

ExchangeEnd Exchange::EndAfter(bool keep_alive) const {
  if (keep_alive) return ExchangeEnd::kKeepAlive;
  return request_read_ && !keep_alive_ ? ExchangeEnd::kDone : ExchangeEnd::kClose;
}

void Exchange::OnClientReady() {
  if (client_.socket->broken()) return ClientGone();  // case H142
  if (!pending_.empty()) {
    if (!Flush()) return;
    if (pending_.empty()) {
      if (WaitsForAnswer()) context_.reactor.Arm(upstream_deadline_, pool_->settings->read_timeout);
      if (phase_ >= Phase::kSending && !ReadAnswer()) return;
    }
  }
  const bool connected = phase_ == Phase::kSending || phase_ == Phase::kRelaying;
  if (!request_read_ && connected && !upload_broken_) {
    PumpRequest();
  } else {
    CheckClient();
  }
}

void Exchange::OnEndpointsRemoved() {
  if (!use_ || use_->removed() == Millis(0) || pool_->settings->drain_http <= Millis(0)) return;
  if (drain_deadline_.armed() && use_->removed() == drained_since_) return;
  drained_since_ = use_->removed();
  context_.reactor.Arm(drain_deadline_, pool_->settings->drain_http);
}

void Exchange::OnReady(net::StreamSocket& /*socket*/) {
  if (phase_ == Phase::kConnecting && !FinishConnect()) return;
  if (!PumpRequest()) return;
  ReadAnswer();
}

void Exchange::OnDeadline(net::Deadline& deadline) {
  if (&deadline == &upstream_deadline_) return OnUpstreamDeadline();
  if (&deadline == &drain_deadline_) return OnDrainDeadline();
  if (&deadline == &body_deadline_) return OnBodyDeadline();
  termination_ = Termination::kClientTimeout;  // it takes nothing of its answer
  Finish(ExchangeEnd::kAbort);
}

void Exchange::Kill(Termination termination) {
  if (phase_ == Phase::kFree) return;
  termination_ = termination;
  Account();
}

void Exchange::Finish(ExchangeEnd end) {
  Account();
  client_.owner->OnExchangeEnd(end);
}

// The end of everything but the client's connection.
void Exchange::Account() {
  if (relay_) {
    CountTunnel();
    relay_->Abort();
    relay_.reset();
  }
  LeaveEndpoint(Outcome::kNeutral);
  DropUpstream();
  Leave();
  body_deadline_.Cancel();
  write_deadline_.Cancel();
  phase_ = Phase::kFree;
  SessionCounters& counters = context_.counters;
  const Nanos duration = context_.reactor.Now() - began_;
  if (status_ >= 100 && status_ < 600) counters.responses[static_cast<size_t>(status_ / 100)].Add();
  counters.terminations[static_cast<size_t>(termination_)].Add();
  counters.bytes_from_clients.Add(body_received_);
  counters.bytes_to_clients.Add(bytes_sent_);
  if (status_ != 101) CountLatency(counters, duration);
  if (record_) WriteRecord(duration);
  pool_.reset();
  rules_.reset();
}

void Exchange::RememberForLog(const RequestHead& request) {
  log_.target = request.target;
  log_.host = request.host;
  log_.user_agent = FieldValue(request.fields, "User-Agent");
  log_.referer = FieldValue(request.fields, "Referer");
  log_.protocol = request.http10 ? "HTTP/1.0" : "HTTP/1.1";
  log_.method = request.method;
  log_.request_id.clear();
  log_.service.clear();
  log_.endpoint.clear();
  log_.version.clear();
}

void Exchange::WriteRecord(Nanos duration) {
  AccessRecord record;
  record.wall = SystemClock().Wall();
  record.client = client_.peer;
  record.method = log_.method;
  record.target = log_.target;
  record.host = log_.host;
  record.user_agent = log_.user_agent;
  record.referer = log_.referer;
  record.protocol = log_.protocol;
  record.status = status_;
  record.bytes_received = body_received_;
  record.bytes_sent = bytes_sent_;
  record.service = log_.service;
  record.endpoint = log_.endpoint;
  record.version = log_.version;
  record.request_id = log_.request_id;
  record.attempts = attempt_;
  record.duration = duration;
  record.connect = connect_took_;
  record.upstream = upstream_took_;
  record.termination = termination_;
  context_.access->Record(record);
}

void Exchange::Release() {
  tried_.clear();
  pending_.Release();
  buffer_.Clear(0);
  buffer_.Release();
  Trim(answer_head_);
  Trim(out_);
  Trim(held_);
}

}  // namespace signpost::lb
