// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/consul/fake_agent.h"

#include <utility>

namespace signpost::test {
namespace {

constexpr std::string_view kService = "/v1/agent/service/";
constexpr std::string_view kRegister = "/v1/agent/service/register";
constexpr std::string_view kDeregister = "/v1/agent/service/deregister/";
constexpr std::string_view kMaintenance = "/v1/agent/service/maintenance/";
constexpr std::string_view kUpdate = "/v1/agent/check/update/";
constexpr std::string_view kRemoveCheck = "/v1/agent/check/deregister/";
constexpr std::string_view kNode = "/v1/catalog/node/";

std::string After(const std::string& path, std::string_view prefix) { return path.substr(prefix.size()); }

}  // namespace

// A request that is answered when its timer fires, or earlier.
struct FakeAgent::Waiting {
  http::ServerRequest request;
  std::unique_ptr<http::Responder> responder;
  std::unique_ptr<net::Timer> timer;
};

FakeAgent::FakeAgent(net::Loop& loop) : loop_(loop) {
  auto address = net::SocketAddress::Parse("127.0.0.1:0", 1);
  if (address.ok()) address_ = address.value();
  Start();
}

FakeAgent::~FakeAgent() = default;

std::string FakeAgent::url() const { return "http://" + address_.ToString(); }

void FakeAgent::Put(const std::string& id, const std::string& owner, int port) {
  json::Writer out;
  out.BeginObject().Key("ID").String(id).Key("Name").String("web").Key("Port").Int(port);
  out.Key("Meta").BeginObject();
  if (!owner.empty()) out.Key("registrar-owner").String(owner);
  out.EndObject().EndObject();
  state_.Register(out.Take(), false);
  Changed();
}

void FakeAgent::Remove(const std::string& id) {
  state_.Deregister(id);
  Changed();
}

void FakeAgent::Start() {
  auto server = http::Server::Listen(loop_, address_, {},
                                     [this](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
                                       Handle(std::move(request), std::move(responder));
                                     });
  if (!server.ok()) Abort(server.status().text());
  server_ = std::move(server).value();
  address_ = server_->local();
}

void FakeAgent::Stop() {
  server_ = nullptr;
  blocked_.clear();
  delayed_.clear();
}

void FakeAgent::Restart(bool keep_data) {
  Stop();
  if (!keep_data) {
    ++life_;
    const bool scripts = state_.script_checks;
    state_ = FakeAgentState{};
    state_.script_checks = scripts;
  }
  Start();
}

void FakeAgent::FailWith(const std::string& prefix, int status, const std::string& text) {
  told_.erase(prefix);
  if (status != 200) told_[prefix] = {status, text};
}

void FakeAgent::LoseRights(bool lost) { rights_ = !lost; }

void FakeAgent::Delay(const std::string& prefix, Millis delay) {
  delays_.erase(prefix);
  if (delay > Millis(0)) delays_[prefix] = delay;
}

int FakeAgent::requests(const std::string& prefix) const {
  int sum = 0;
  for (const auto& [path, count] : requests_) sum += path.starts_with(prefix) ? count : 0;
  return sum;
}

void FakeAgent::Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
  ++requests_[request.path];
  Millis delay{0};
  for (const auto& [prefix, time] : delays_) {
    if (request.path.starts_with(prefix)) delay = time;
  }
  if (delay > Millis(0)) return Hold(delayed_, std::move(request), std::move(responder), delay);
  if (!Blocks(request)) return Reply(request, *responder);
  const std::string wait = request.Param("wait").value_or("300000ms");
  Hold(blocked_, std::move(request), std::move(responder), Millis(std::stoll(wait)));
}

void FakeAgent::Reply(const http::ServerRequest& request, http::Responder& responder) {
  http::ServerResponse response = Answer(request);
  if (request.method != "GET") {
    writes_.push_back({request.path, request.query, request.body, response.status});
    Changed();
  }
  responder.Send(std::move(response));
}

void FakeAgent::Hold(std::list<std::unique_ptr<Waiting>>& list, http::ServerRequest request,
                     std::unique_ptr<http::Responder> responder, Millis limit) {
  auto waiting = std::make_unique<Waiting>();
  Waiting* const key = waiting.get();
  const auto take = [&list, key] {
    std::unique_ptr<Waiting> taken;
    for (auto it = list.begin(); it != list.end(); ++it) {
      if (it->get() != key) continue;
      taken = std::move(*it);
      list.erase(it);
      break;
    }
    return taken;
  };
  waiting->request = std::move(request);
  waiting->responder = std::move(responder);
  waiting->timer = std::make_unique<net::Timer>(loop_, [this, take] {
    const auto due = take();
    if (due) Reply(due->request, *due->responder);
  });
  waiting->timer->Start(limit);
  waiting->responder->OnGone([take] { take(); });
  list.push_back(std::move(waiting));
}

void FakeAgent::Changed() {
  std::list<std::unique_ptr<Waiting>> ready;
  for (auto it = blocked_.begin(); it != blocked_.end();) {
    const auto at = it++;
    if (!Blocks((*at)->request)) ready.splice(ready.end(), blocked_, at);
  }
  for (const auto& waiting : ready) Reply(waiting->request, *waiting->responder);
}

bool FakeAgent::Blocks(const http::ServerRequest& request) const {
  if (const auto hash = request.Param("hash")) return state_.HashOf(After(request.path, kService)) == *hash;
  if (const auto index = request.Param("index")) return state_.index() <= std::stoull(*index);
  return false;
}

http::ServerResponse FakeAgent::Answer(const http::ServerRequest& request) {
  const FakeReply* told = nullptr;
  for (const auto& [prefix, one] : told_) {
    if (request.path.starts_with(prefix)) told = &one;
  }
  FakeReply reply = told ? *told : request.method == "GET" ? Read(request) : Apply(request);
  http::ServerResponse response;
  response.status = reply.status;
  response.body = std::move(reply.body);
  if (reply.status == 200 && request.path.starts_with(kNode)) {
    response.headers = {{"X-Consul-Index", std::to_string(state_.index())}, {"X-Consul-Knownleader", "true"}};
  } else if (reply.status == 200 && request.method == "GET" && request.path.starts_with(kService)) {
    response.headers = {{"X-Consul-ContentHash", state_.HashOf(After(request.path, kService))}};
  }
  return response;
}

FakeReply FakeAgent::Apply(const http::ServerRequest& request) {
  const std::string& path = request.path;
  if (!rights_) return {403, "Permission denied"};
  if (path == kRegister) return state_.Register(request.body, request.HasParam("replace-existing-checks"));
  if (path.starts_with(kDeregister)) return state_.Deregister(After(path, kDeregister));
  if (path.starts_with(kMaintenance)) {
    return state_.SetMaintenance(After(path, kMaintenance), request.Param("enable") == "true",
                                 request.Param("reason").value_or(""));
  }
  if (path.starts_with(kUpdate)) return state_.UpdateCheck(After(path, kUpdate), request.body);
  if (path.starts_with(kRemoveCheck)) return state_.RemoveCheck(After(path, kRemoveCheck));
  return {405, "method not allowed"};
}

FakeReply FakeAgent::Read(const http::ServerRequest& request) const {
  const std::string& path = request.path;
  if (path == "/v1/agent/self") {
    if (!rights_ || self_hidden_) return {403, "Permission denied"};
    return {200, R"({"Config":{"NodeName":"n1","NodeID":"life-)" + std::to_string(life_) + "\"}}"};
  }
  if (path == "/v1/agent/services") return {200, rights_ ? state_.ServicesJson() : "{}"};
  if (path == "/v1/agent/checks") return {200, rights_ ? state_.ChecksJson() : "{}"};
  if (path.starts_with(kService)) {
    const auto service = state_.services().find(After(path, kService));
    if (service == state_.services().end()) return {404, "unknown service ID: " + After(path, kService)};
    if (!rights_) return {403, "Permission denied"};
    return {200, service->second.json};
  }
  if (path.starts_with(kNode)) return {200, rights_ ? NodeJson() : "null"};
  if (path == "/v1/status/leader") return {200, "\"127.0.0.1:8300\""};
  return {404, ""};
}

std::string FakeAgent::NodeJson() const {
  return R"({"Node":{"Node":"n1","Address":"127.0.0.1"},"Services":)" + state_.ServicesJson() + "}";
}

}  // namespace signpost::test
