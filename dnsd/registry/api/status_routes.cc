// Signpost. Apache-2.0; see LICENSE.
// What a single server says of itself as a cluster: leader, peers, datacenters, network coordinates.
#include <string>

#include "dnsd/registry/api/json_rows.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/api/status_refusals.h"

namespace signpost::registry {
namespace {

// Where a Consul server would take part in elections. Nothing listens there.
std::string ServerAddress(const Engine& engine) {
  const std::string& address = engine.options().address;
  return (address.find(':') == std::string::npos ? address : "[" + address + "]") + ":8300";
}

bool IsForeign(const Engine& engine, const Call& call) {
  const std::string datacenter = call.Param("dc").value_or("");
  return !datacenter.empty() && datacenter != engine.options().datacenter;
}

Answer NoPath() { return TextAnswer(500, "No path to datacenter"); }

Answer Leader(Engine& engine, const Call& /*call*/) {
  json::Writer out;
  out.String(ServerAddress(engine));
  return JsonAnswer(out.Take());
}

Answer Peers(Engine& engine, const Call& /*call*/) {
  json::Writer out;
  WriteStrings(out, {ServerAddress(engine)});
  return JsonAnswer(out.Take());
}

Answer Datacenters(Engine& engine, const Call& /*call*/) {
  json::Writer out;
  WriteStrings(out, {engine.options().datacenter});
  return JsonAnswer(out.Take());
}

Answer RaftConfiguration(Engine& engine, const Call& call) {
  if (IsForeign(engine, call)) return NoPath();
  const EngineOptions& own = engine.options();
  json::Writer out;
  out.BeginObject().Key("Servers").BeginArray().BeginObject();
  out.Key("ID").String(own.node_id).Key("Node").String(own.node).Key("Address").String(ServerAddress(engine));
  out.Key("Leader").Bool(true).Key("ProtocolVersion").String("3").Key("Voter").Bool(true);
  out.EndObject().EndArray().Key("Index").Uint(0).EndObject();
  return JsonAnswer(out.Take());
}

// --- coordinates: those of the own node, which is at the origin --------------------------------------------------

constexpr std::string_view kOrigin = R"({"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":0.00001})";

void WriteCoordinates(json::Writer& out, const Engine& engine) {
  out.BeginArray().BeginObject().Key("Node").String(engine.options().node);
  out.Key("Segment").String("").Key("Coord").Raw(kOrigin).EndObject().EndArray();
}

Answer CoordinateList(const Engine& engine, const Call& call) {
  json::Writer out;
  if (call.Param("segment").value_or("").empty()) {
    WriteCoordinates(out, engine);
  } else {
    out.BeginArray().EndArray();
  }
  Answer answer = JsonAnswer(out.Take());
  answer.index = 1;
  return answer;
}

Answer CoordinateNodes(Engine& engine, const Call& call) { return CoordinateList(engine, call); }

Answer CoordinateNode(Engine& engine, const Call& call) {
  if (NodeKey(call.rest) == NodeKey(engine.options().node) && call.Param("segment").value_or("").empty()) {
    return CoordinateList(engine, call);
  }
  Answer answer = EmptyAnswer();
  answer.status = 404;
  return answer;
}

Answer CoordinateDatacenters(Engine& engine, const Call& /*call*/) {
  json::Writer out;
  out.BeginArray().BeginObject().Key("Datacenter").String(engine.options().datacenter).Key("AreaID").String("wan");
  WriteCoordinates(out.Key("Coordinates"), engine);
  out.EndObject().EndArray();
  return JsonAnswer(out.Take());
}

// Coordinates that others measured are taken and forgotten, as Consul forgets those of unknown nodes.
Answer CoordinateUpdate(Engine& /*engine*/, const Call& /*call*/) { return EmptyAnswer(); }

}  // namespace

Routes StatusRoutes() {
  Routes routes = RefusalRoutes();
  routes.insert(routes.end(), {
                                  {"GET", "/v1/status/leader", RouteKind::kRead, Leader},
                                  {"GET", "/v1/status/peers", RouteKind::kRead, Peers},
                                  {"GET", "/v1/catalog/datacenters", RouteKind::kRead, Datacenters},
                                  {"GET", "/v1/operator/raft/configuration", RouteKind::kAgent, RaftConfiguration},
                                  {"GET", "/v1/coordinate/nodes", RouteKind::kRead, CoordinateNodes},
                                  {"GET", "/v1/coordinate/node/*", RouteKind::kRead, CoordinateNode},
                                  {"GET", "/v1/coordinate/datacenters", RouteKind::kAgent, CoordinateDatacenters},
                                  {"PUT", "/v1/coordinate/update", RouteKind::kWrite, CoordinateUpdate},
                              });
  return routes;
}

}  // namespace signpost::registry
