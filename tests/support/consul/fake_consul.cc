// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/consul/fake_consul.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/json/json.h"

namespace signpost::test {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

// "/v1/health/service/web" -> "web"
std::string LastSegment(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void WriteNode(json::Writer& out, const std::string& name, const std::string& address, const std::string& datacenter) {
  out.BeginObject().Key("ID").String("").Key("Node").String(name).Key("Address").String(address);
  out.Key("Datacenter").String(datacenter).Key("Meta").Null().EndObject();
}

void WriteCheck(json::Writer& out, const FakeInstance& instance) {
  out.BeginObject().Key("Node").String(instance.node).Key("CheckID").String("service:" + instance.id);
  out.Key("Status").String(instance.status).Key("ServiceID").String(instance.id);
  out.Key("ServiceName").String(instance.service).EndObject();
}

void WriteService(json::Writer& out, const FakeInstance& instance) {
  out.BeginObject().Key("ID").String(instance.id).Key("Service").String(instance.service);
  out.Key("Address").String(instance.address).Key("Port").Int(instance.port).Key("Tags").BeginArray();
  for (const std::string& tag : instance.tags) out.String(tag);
  out.EndArray().Key("Weights").BeginObject().Key("Passing").Int(instance.weight);
  out.Key("Warning").Int(instance.warning_weight).EndObject().Key("Meta").BeginObject();
  for (const auto& [key, value] : instance.meta) out.Key(key).String(value);
  out.EndObject().Key("CreateIndex").Uint(instance.created).Key("ModifyIndex").Uint(instance.modified).EndObject();
}

// RFC 4648, with padding.
std::string Base64(const std::string& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (at + i < bytes.size() ? static_cast<uint8_t>(bytes[at + i]) : 0U);
    for (size_t i = 0; i < 4; ++i) text += at + i > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * i) & 63];
  }
  return text;
}

}  // namespace

struct FakeConsul::Blocked {
  http::ServerRequest request;
  std::unique_ptr<http::Responder> responder;
  uint64_t index = 0;
  std::unique_ptr<net::Timer> timer;
  bool due = false;
};

FakeConsul::FakeConsul(net::Loop& loop) : loop_(loop) {
  auto address = net::SocketAddress::Parse("127.0.0.1:0", 1);
  if (address.ok()) address_ = address.value();
  PutNode("srv1", "127.0.0.1");
  FakeInstance consul;
  consul.id = consul.service = "consul";
  consul.port = 8300;
  Put(consul);
  Start();
}

FakeConsul::~FakeConsul() = default;

std::string FakeConsul::url() const { return "http://" + address_.ToString(); }

void FakeConsul::Start() {
  auto server = http::Server::Listen(loop_, address_, {},
                                     [this](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
                                       Handle(std::move(request), std::move(responder));
                                     });
  if (!server.ok()) Abort(server.status().text());
  server_ = std::move(server).value();
  address_ = server_->local();
}

void FakeConsul::Stop() {
  server_ = nullptr;
  blocked_.clear();
}

void FakeConsul::Put(const FakeInstance& instance, const std::string& datacenter) {
  World& world = worlds_[datacenter];
  if (!world.nodes.contains(instance.node)) PutNode(instance.node, "10.0.0.9", datacenter);
  const auto known = world.instances.find(instance.id);
  const bool health_only = known != world.instances.end() && known->second.status != instance.status;
  FakeInstance stored = instance;
  stored.created = known != world.instances.end() ? known->second.created : index_ + 1;
  stored.modified = index_ + 1;
  world.instances[instance.id] = stored;
  Touch(world, {health_only ? "-" : "services", "checks", "service:" + Lower(instance.service)});
}

void FakeConsul::Remove(const std::string& id, const std::string& datacenter) {
  World& world = worlds_[datacenter];
  const std::string service = Lower(world.instances[id].service);
  world.instances.erase(id);
  Touch(world, {"services", "checks", "service:" + service});
}

void FakeConsul::PutNode(const std::string& name, const std::string& address, const std::string& datacenter) {
  World& world = worlds_[datacenter];
  world.nodes[name] = address;
  std::vector<std::string> topics = {"nodes", "node:" + Lower(name)};
  for (const auto& [id, instance] : world.instances) {
    if (instance.node == name) topics.push_back("service:" + Lower(instance.service));
  }
  Touch(world, topics);
}

void FakeConsul::LoseRights(bool lost) {
  rights_ = !lost;
  Wake(true);
}

void FakeConsul::Filter(bool filtered) {
  filtered_ = filtered;
  Wake(true);
}

void FakeConsul::PutKey(const std::string& key, const std::string& value) {
  keys_.erase(key);
  if (!value.empty()) keys_[key] = value;
  keys_changed_ = ++index_;
  Wake(false);
}

void FakeConsul::Replay(bool replaying) {
  replaying_ = replaying;
  for (auto& [datacenter, world] : worlds_) Touch(world, {"services", "nodes", "checks"});
  Wake(true);
}

bool FakeConsul::Visible(const FakeInstance& instance) const {
  return rights_ && (!replaying_ || instance.service == "consul");
}

void FakeConsul::FailWith(const std::string& prefix, int status) {
  failing_.erase(prefix);
  if (status != 200) failing_[prefix] = status;
  Wake(true);
}

void FakeConsul::Reset() {
  const FakeInstance consul = worlds_["dc1"].instances["consul"];
  worlds_.clear();
  index_ = 5;
  PutNode("srv1", "127.0.0.1");
  Put(consul);
}

int FakeConsul::requests(const std::string& prefix) const {
  int sum = 0;
  for (const auto& [path, count] : requests_) sum += path.starts_with(prefix) ? count : 0;
  return sum;
}

void FakeConsul::Touch(World& world, const std::vector<std::string>& topics) {
  ++index_;
  for (const std::string& topic : topics) world.changed[topic] = index_;
  Wake(false);
}

FakeConsul::World* FakeConsul::Find(const http::ServerRequest& request) {
  const auto it = worlds_.find(request.Param("dc").value_or("dc1"));
  return it == worlds_.end() ? nullptr : &it->second;
}

uint64_t FakeConsul::IndexOf(const World& world, const std::string& path) const {
  if (path.starts_with("/v1/kv/")) return keys_changed_;
  std::string topic = "service:" + Lower(LastSegment(path));
  if (path == "/v1/catalog/services") topic = "services";
  if (path == "/v1/catalog/nodes") topic = "nodes";
  if (path.starts_with("/v1/catalog/node/")) topic = "node:" + Lower(LastSegment(path));
  if (path.starts_with("/v1/health/state/")) topic = "checks";
  const auto it = world.changed.find(topic);
  return it == world.changed.end() ? 1 : it->second;
}

void FakeConsul::Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
  ++requests_[request.path + (request.Param("consistent") ? "?consistent" : "")];
  max_connections_ = std::max(max_connections_, server_->connections());
  if (hook_) hook_(request.path, request.query);
  const World* world = Find(request);
  const uint64_t index = std::stoull(request.Param("index").value_or("0"));
  const bool delayed = request.Param("consistent") && consistent_delay_ > Millis(0);
  if (delayed) return Hold(std::move(request), std::move(responder), UINT64_MAX, consistent_delay_);
  if (index == 0 || !world || IndexOf(*world, request.path) > index) return Answer(request, *responder);
  const std::string wait = request.Param("wait").value_or("300000ms");
  Hold(std::move(request), std::move(responder), index, Millis(std::stoll(wait)));
}

void FakeConsul::Hold(http::ServerRequest request, std::unique_ptr<http::Responder> responder, uint64_t index,
                      Millis wait) {
  auto blocked = std::make_unique<Blocked>();
  Blocked* const key = blocked.get();
  blocked->responder = std::move(responder);
  blocked->index = index;
  blocked->timer = std::make_unique<net::Timer>(loop_, [this, key] {
    key->due = true;
    Wake(false);
  });
  blocked->timer->Start(wait);
  blocked->responder->OnGone([this, key] { std::erase_if(blocked_, [&](const auto& b) { return b.get() == key; }); });
  blocked->request = std::move(request);
  blocked_.push_back(std::move(blocked));
}

void FakeConsul::Wake(bool all) {
  std::list<std::unique_ptr<Blocked>> ready;
  for (auto it = blocked_.begin(); it != blocked_.end();) {
    const auto at = it++;
    const World* world = Find((*at)->request);
    const bool news = !world || IndexOf(*world, (*at)->request.path) > (*at)->index;
    if (all || news || (*at)->due) ready.splice(ready.end(), blocked_, at);
  }
  for (const auto& blocked : ready) Answer(blocked->request, *blocked->responder);
}

void FakeConsul::Answer(const http::ServerRequest& request, http::Responder& responder) {
  http::ServerResponse response;
  World* const world = Find(request);
  for (const auto& [prefix, status] : failing_) {
    if (request.path.starts_with(prefix)) response.status = status;
  }
  if (!world || (replaying_ && request.Param("consistent"))) response.status = 500;
  if (response.status != 200) {
    response.body = world ? "told to fail" : "No path to datacenter";
  } else {
    response.body = Body(request.path, *world, response.status);
    response.headers = {{"X-Consul-Index", std::to_string(IndexOf(*world, request.path))},
                        {"X-Consul-Knownleader", known_leader_ ? "true" : "false"},
                        {"X-Consul-Lastcontact", std::to_string(last_contact_.count())}};
    if (filtered_) response.headers.emplace_back("X-Consul-Results-Filtered-By-ACLs", "true");
  }
  responder.Send(std::move(response));
}

std::string FakeConsul::HealthList(const World& world, const std::string& name, bool connect) const {
  json::Writer out;
  out.BeginArray();
  for (const auto& [id, instance] : world.instances) {
    if (filtered_ || Lower(instance.service) != Lower(name) || (connect && !instance.connect) || !Visible(instance))
      continue;
    out.BeginObject().Key("Node");
    WriteNode(out, instance.node, world.nodes.at(instance.node), "dc1");
    out.Key("Service");
    WriteService(out, instance);
    out.Key("Checks").BeginArray();
    WriteCheck(out, instance);
    out.EndArray().EndObject();
  }
  return out.EndArray().Take();
}

std::string FakeConsul::ServiceNames(const World& world) const {
  std::map<std::string, std::set<std::string>> tags;
  for (const auto& [id, instance] : world.instances) {
    if (Visible(instance)) tags[instance.service].insert(instance.tags.begin(), instance.tags.end());
  }
  json::Writer out;
  out.BeginObject();
  for (const auto& [service, its_tags] : tags) {
    out.Key(service).BeginArray();
    for (const std::string& tag : its_tags) out.String(tag);
    out.EndArray();
  }
  return out.EndObject().Take();
}

std::string FakeConsul::NodeNames(const World& world) const {
  json::Writer out;
  out.BeginArray();
  for (const auto& [node, address] : world.nodes) {
    if (rights_ && (!replaying_ || node == "srv1")) WriteNode(out, node, address, "dc1");
  }
  return out.EndArray().Take();
}

std::string FakeConsul::OneNode(const World& world, const std::string& name) const {
  const auto node = world.nodes.find(name);
  if (node == world.nodes.end() || !rights_) return "null";
  json::Writer out;
  out.BeginObject().Key("Node");
  WriteNode(out, node->first, node->second, "dc2");
  return out.EndObject().Take();
}

std::string FakeConsul::BadChecks(const World& world) const {
  json::Writer out;
  out.BeginArray();
  for (const auto& [id, instance] : world.instances) {
    if (instance.status != "passing" && Visible(instance)) WriteCheck(out, instance);
  }
  return out.EndArray().Take();
}

std::string FakeConsul::Query(const World& world, const std::string& path, int& status) const {
  const auto known = queries_.find(LastSegment(path.substr(0, path.rfind('/'))));
  if (known == queries_.end()) {
    status = 404;
    return "Query not found";
  }
  const FakeQuery& query = known->second;
  if (LastSegment(path) == "explain") return R"({"Query":{"Service":{"Near":")" + query.near + "\"}}}";
  return R"({"Service":")" + query.service + R"(","Datacenter":"dc1","Failovers":0,"DNS":{"TTL":")" + query.ttl +
         R"("},"Nodes":)" + HealthList(world, query.service, false) + "}";
}

std::string FakeConsul::Keys(const std::string& prefix, int& status) const {
  json::Writer out;
  out.BeginArray();
  bool any = false;
  for (const auto& [key, value] : keys_) {
    if (!key.starts_with(prefix)) continue;
    any = true;
    out.BeginObject().Key("Key").String(key).Key("Value").String(Base64(value)).EndObject();
  }
  std::string list = out.EndArray().Take();
  if (!any) status = 404;
  return any ? list : "";
}

std::string FakeConsul::Datacenters() const {
  json::Writer out;
  out.BeginArray();
  for (const auto& [datacenter, world] : worlds_) out.String(datacenter);
  return out.EndArray().Take();
}

std::string FakeConsul::Body(const std::string& path, const World& world, int& status) const {
  if (path == "/v1/agent/self") return R"({"Config":{"Datacenter":"dc1"}})";
  if (path == "/v1/catalog/datacenters") return Datacenters();
  if (path == "/v1/catalog/services") return ServiceNames(world);
  if (path == "/v1/catalog/nodes") return NodeNames(world);
  if (path.starts_with("/v1/catalog/node/")) return OneNode(world, LastSegment(path));
  if (path.starts_with("/v1/health/state/")) return BadChecks(world);
  if (path.starts_with("/v1/health/")) return HealthList(world, LastSegment(path), path.find("/connect/") != path.npos);
  if (path.starts_with("/v1/kv/")) return Keys(path.substr(7), status);
  if (path.starts_with("/v1/query/")) return Query(world, path, status);
  status = 404;
  return "";
}

}  // namespace signpost::test
