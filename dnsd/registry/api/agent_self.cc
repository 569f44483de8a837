// Signpost. Apache-2.0; see LICENSE.
// What the agent says of itself: a Consul 1.8.7 server that is its own leader, the only member of its cluster. Clients
// take their API version, datacenter and node name from here.
#include <array>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dnsd/registry/api/agent_endpoints.h"
#include "dnsd/registry/api/json_rows.h"
#include "dnsd/registry/model/agent_writes.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kVersion = "1.8.7";  // of the API
constexpr int kServerPort = 8300;
constexpr int kLanPort = 8301;
constexpr int kWanPort = 8302;

using Texts = std::vector<std::pair<std::string_view, std::string>>;

void WriteTexts(json::Writer& out, const Texts& texts) {
  out.BeginObject();
  for (const auto& [key, text] : texts) out.Key(key).String(text);
  out.EndObject();
}

void WriteMember(json::Writer& out, const EngineOptions& own, bool wan) {
  out.BeginObject().Key("Name").String(wan ? own.node + "." + own.datacenter : own.node);
  out.Key("Addr").String(own.address).Key("Port").Int(wan ? kWanPort : kLanPort);
  WriteTexts(out.Key("Tags"), {{"acls", "0"},
                               {"build", std::string(kVersion) + ":"},
                               {"dc", own.datacenter},
                               {"ft_fs", "1"},
                               {"id", own.node_id},
                               {"port", std::to_string(kServerPort)},
                               {"raft_vsn", "3"},
                               {"role", "consul"},
                               {"segment", ""},
                               {"vsn", "2"},
                               {"vsn_max", "3"},
                               {"vsn_min", "2"},
                               {"wan_join_port", std::to_string(kWanPort)}});
  out.Key("Status").Int(1).Key("ProtocolMin").Int(1).Key("ProtocolMax").Int(5).Key("ProtocolCur").Int(2);
  out.Key("DelegateMin").Int(2).Key("DelegateMax").Int(5).Key("DelegateCur").Int(4).EndObject();
}

void WriteConfig(json::Writer& out, const EngineOptions& own) {
  out.BeginObject().Key("Datacenter").String(own.datacenter).Key("NodeName").String(own.node);
  out.Key("NodeID").String(own.node_id).Key("Revision").String("").Key("Server").Bool(true);
  out.Key("Version").String(kVersion).EndObject();
}

// The part of Consul's settings that means something here.
void WriteDebugConfig(json::Writer& out, const EngineOptions& own) {
  out.BeginObject().Key("Datacenter").String(own.datacenter).Key("PrimaryDatacenter").String(own.datacenter);
  out.Key("NodeName").String(own.node).Key("NodeID").String(own.node_id);
  out.Key("AdvertiseAddrLAN").String(own.address).Key("AdvertiseAddrWAN").String(own.address);
  out.Key("ServerMode").Bool(true).Key("ACLsEnabled").Bool(false).Key("ConnectEnabled").Bool(false);
  out.Key("EnableLocalScriptChecks").Bool(own.script_checks).Key("EnableRemoteScriptChecks").Bool(own.script_checks);
  out.Key("CheckOutputMaxSize").Int(4096).Key("CheckUpdateInterval").String("5m0s");
  out.Key("KVMaxValueSize").Int(524288).Key("TxnMaxReqLen").Int(524288);
  out.Key("Version").String(kVersion).Key("Revision").String("").EndObject();
}

size_t CountTtlChecks(const RowList<CheckRow>& checks) {
  size_t count = 0;
  for (const auto& check : checks) count += check->type == "ttl" ? 1 : 0;
  return count;
}

void WriteStats(json::Writer& out, const Engine& engine) {
  const State& state = engine.state();
  const EngineOptions& own = engine.options();
  const std::string index = std::to_string(state.index());
  const auto checks = AgentChecks(state, own.node);
  out.BeginObject();
  WriteTexts(out.Key("agent"), {{"check_monitors", "0"},
                                {"check_ttls", std::to_string(CountTtlChecks(checks))},
                                {"checks", std::to_string(checks.size())},
                                {"services", std::to_string(AgentServices(state, own.node).size())}});
  WriteTexts(out.Key("build"), {{"prerelease", ""}, {"revision", ""}, {"version", std::string(kVersion)}});
  WriteTexts(out.Key("consul"), {{"acl", "disabled"},
                                 {"bootstrap", "true"},
                                 {"known_datacenters", "1"},
                                 {"leader", "true"},
                                 {"leader_addr", own.address + ":" + std::to_string(kServerPort)},
                                 {"server", "true"}});
  WriteTexts(out.Key("raft"), {{"applied_index", index},
                               {"commit_index", index},
                               {"last_contact", "0"},
                               {"last_log_index", index},
                               {"num_peers", "0"},
                               {"protocol_version", "3"},
                               {"state", "Leader"}});
  for (const std::string_view serf : {"serf_lan", "serf_wan"}) {
    WriteTexts(out.Key(serf), {{"encrypted", "false"}, {"failed", "0"}, {"left", "0"}, {"members", "1"}});
  }
  out.EndObject();
}

Answer Self(Engine& engine, const Call& /*call*/) {
  const EngineOptions& own = engine.options();
  json::Writer out;
  out.BeginObject();
  WriteConfig(out.Key("Config"), own);
  WriteDebugConfig(out.Key("DebugConfig"), own);
  out.Key("Coord").Raw(R"({"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":0.00001})");
  WriteMember(out.Key("Member"), own, false);
  WriteStats(out.Key("Stats"), engine);
  const auto node = engine.state().FindNode(own.node);
  WritePairs(out.Key("Meta"), node ? node->node.meta : StringPairs{}, false);
  out.EndObject();
  return JsonAnswer(out.Take());
}

Answer Members(Engine& engine, const Call& call) {
  const std::string segment = call.Param("segment").value_or("");
  if (!segment.empty() && segment != "_all") {
    return TextAnswer(500, "Network segments are not supported in this version of Consul");
  }
  json::Writer out;
  out.BeginArray();
  WriteMember(out, engine.options(), !call.Param("wan").value_or("").empty());
  out.EndArray();
  return JsonAnswer(out.Take());
}

// --- metrics -----------------------------------------------------------------------------------------------------

std::string TimeText(Nanos since_epoch) {
  const auto seconds = static_cast<time_t>(std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count());
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S +0000 UTC", &parts)};
}

Answer Metrics(Engine& engine, const Call& call) {
  if (call.Param("format") == "prometheus") {
    return TextAnswer(415, "Prometheus is not enabled here; the registry's metrics are at /metrics");
  }
  const State& state = engine.state();
  json::Writer out;
  out.BeginObject().Key("Timestamp").String(TimeText(engine.clock().Wall())).Key("Gauges").BeginArray();
  const auto gauge = [&out](std::string_view name, size_t value) {
    out.BeginObject().Key("Name").String(name).Key("Value").Uint(value);
    out.Key("Labels").BeginObject().EndObject().EndObject();
  };
  gauge("consul.registry.nodes", state.nodes().size());
  gauge("consul.registry.services", state.service_names().size());
  gauge("consul.registry.instances", state.services().size());
  gauge("consul.registry.checks", state.checks().size());
  gauge("consul.registry.keys", state.kv().size());
  gauge("consul.registry.sessions", state.sessions().size());
  out.EndArray();
  for (const std::string_view kind : {"Points", "Counters", "Samples"}) out.Key(kind).BeginArray().EndArray();
  out.EndObject();
  return JsonAnswer(out.Take());
}

// --- what changes the agent, or needs others ---------------------------------------------------------------------

Answer Reload(Engine& engine, const Call& /*call*/) {
  const Status status = engine.Reload();
  return status.ok() ? EmptyAnswer() : TextAnswer(500, status.text());
}

Answer Join(Engine& /*engine*/, const Call& call) {
  return TextAnswer(500, "1 error occurred:\n\t* Failed to join " + call.rest +
                             ": this is a registry of one node; for a cluster run Consul, and dnsd with --consul\n\n");
}

Answer ForceLeave(Engine& engine, const Call& call) {
  if (call.rest == engine.options().node) return EmptyAnswer();  // Consul, too, does nothing to who is alive
  return TextAnswer(500, "agent: No node found with name '" + call.rest + "'");
}

Answer Leave(Engine& /*engine*/, const Call& /*call*/) {
  return TextAnswer(501, "the embedded registry has no cluster to leave; stop dnsd with SIGTERM");
}

Answer Monitor(Engine& /*engine*/, const Call& /*call*/) {
  return TextAnswer(501, "the embedded registry streams no log; dnsd writes it to standard error");
}

Answer Host(Engine& /*engine*/, const Call& /*call*/) {
  return TextAnswer(501, "the embedded registry tells nothing of its host");
}

Answer Token(Engine& /*engine*/, const Call& /*call*/) { return TextAnswer(401, "ACL support disabled"); }

}  // namespace

Routes AgentSelfRoutes() {
  return {
      {"GET", "/v1/agent/self", RouteKind::kAgent, Self},
      {"GET", "/v1/agent/members", RouteKind::kAgent, Members},
      {"GET", "/v1/agent/metrics", RouteKind::kAgent, Metrics},
      {"PUT", "/v1/agent/reload", RouteKind::kWrite, Reload},
      {"PUT", "/v1/agent/join/*", RouteKind::kWrite, Join},
      {"PUT", "/v1/agent/force-leave/*", RouteKind::kWrite, ForceLeave},
      {"PUT", "/v1/agent/leave", RouteKind::kWrite, Leave},
      {"GET", "/v1/agent/monitor", RouteKind::kAgent, Monitor},
      {"GET", "/v1/agent/host", RouteKind::kAgent, Host},
      {"PUT", "/v1/agent/token/*", RouteKind::kWrite, Token},
  };
}

}  // namespace signpost::registry
