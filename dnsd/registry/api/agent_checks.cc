// Signpost. Apache-2.0; see LICENSE.
// /v1/agent/checks and /v1/agent/check: the checks of the own node and its services; maintenance of the node.
#include <string>
#include <utility>

#include "dnsd/registry/api/agent_endpoints.h"
#include "dnsd/registry/api/agent_json.h"
#include "dnsd/registry/api/selection.h"
#include "dnsd/registry/definition/body.h"
#include "dnsd/registry/definition/check_definition.h"
#include "dnsd/registry/definition/struct_reader.h"
#include "dnsd/registry/filter/go_text.h"
#include "dnsd/registry/model/agent_writes.h"
#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kBadFilter = "Failed to create boolean expression evaluator: ";

const std::string& OwnNode(const Engine& engine) { return engine.options().node; }

// Here Consul finds out only while it looks at checks that an expression does not fit them: without checks it never
// does, and without the usual introduction. Syntax errors, which begin with their place, are as everywhere.
Answer FilterFault(const std::string& fault, bool any_checks) {
  if (!fault.starts_with(kBadFilter)) return TextAnswer(500, fault);
  const std::string rest = fault.substr(kBadFilter.size());
  if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') return TextAnswer(500, fault);
  return any_checks ? TextAnswer(500, rest) : JsonAnswer("{}");
}

Answer List(Engine& engine, const Call& call) {
  const auto rows = AgentChecks(engine.state(), OwnNode(engine));
  const auto items = ItemWriter::Make(call.options.filter, CheckFields());
  if (!items.ok()) return FilterFault(items.status().text(), !rows.empty());
  json::Writer out;
  out.BeginObject();
  for (const auto& row : rows) {
    items.value().Add(out, row->check_id, [&row](json::Writer& item) { WriteAgentCheck(item, *row); });
  }
  out.EndObject();
  return JsonAnswer(out.Take());
}

Answer Register(Engine& engine, const Call& call) {
  auto check = ReadCheckBody(call.request.body);
  if (!check.ok()) return TextAnswer(400, check.status().text());
  const std::string id = check->check_id;
  const std::string service_id = check->service_id;
  if (!service_id.empty() && !FindAgentService(engine.state(), OwnNode(engine), service_id)) {
    return TextAnswer(500, "ServiceID " + filter::Quote(service_id) + " does not exist");
  }
  if (RunsScript(check.value()) && !engine.options().script_checks) return ScriptsAreDisabled();
  if (IsOwnCheck(id)) return TextAnswer(400, "the ID \"serfHealth\" belongs to the registry itself");
  if (!RegisterAgentCheck(engine.state(), OwnNode(engine), std::move(check).value())) {
    return TextAnswer(500, "the registry's own node is not in its catalog");
  }
  engine.Rewind(id);
  return EmptyAnswer();
}

Answer Deregister(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(500, "CheckID missing");
  DeregisterAgentCheck(engine.state(), OwnNode(engine), call.rest);
  return EmptyAnswer();
}

Answer Tell(Engine& engine, const Call& call, std::string_view status, std::string_view output) {
  Answer no_ttl = TextAnswer(500, "CheckID " + filter::Quote(call.rest) + " does not have associated TTL");
  if (!FindAgentCheck(engine.state(), OwnNode(engine), call.rest)) return no_ttl;
  return engine.Heartbeat(call.rest, status, output).ok() ? EmptyAnswer() : no_ttl;
}

Answer Pass(Engine& engine, const Call& call) { return Tell(engine, call, kPassing, call.Param("note").value_or("")); }
Answer Warn(Engine& engine, const Call& call) { return Tell(engine, call, kWarning, call.Param("note").value_or("")); }
Answer Fail(Engine& engine, const Call& call) { return Tell(engine, call, kCritical, call.Param("note").value_or("")); }

Answer Update(Engine& engine, const Call& call) {
  std::string status;
  std::string output;
  const Status read = ReadBody(call.request.body, [&](json::Value root) {
    return ReadStruct(root, Place{}, {.name = "agent.checkUpdate", .owner = "checkUpdate"},
                      {{"Status", Into(status)}, {"Output", Into(output)}});
  });
  if (!read.ok()) return TextAnswer(400, read.text());
  if (!IsCheckStatus(status)) return TextAnswer(400, "Invalid check status: '" + status + "'");
  return Tell(engine, call, status, output);
}

Answer NodeMaintenance(Engine& engine, const Call& call) {
  const Switch enable = ReadEnable(call);
  if (enable.refused) return *enable.refused;
  SetNodeMaintenance(engine.state(), OwnNode(engine), enable.on, call.Param("reason").value_or(""));
  return EmptyAnswer();
}

}  // namespace

Routes AgentCheckRoutes() {
  return {
      {"GET", "/v1/agent/checks", RouteKind::kAgent, List},
      {"PUT", "/v1/agent/check/register", RouteKind::kWrite, Register},
      {"PUT", "/v1/agent/check/deregister/*", RouteKind::kWrite, Deregister},
      {"PUT", "/v1/agent/check/pass/*", RouteKind::kWrite, Pass},
      {"PUT", "/v1/agent/check/warn/*", RouteKind::kWrite, Warn},
      {"PUT", "/v1/agent/check/fail/*", RouteKind::kWrite, Fail},
      {"PUT", "/v1/agent/check/update/*", RouteKind::kWrite, Update},
      {"PUT", "/v1/agent/maintenance", RouteKind::kWrite, NodeMaintenance},
  };
}

}  // namespace signpost::registry
