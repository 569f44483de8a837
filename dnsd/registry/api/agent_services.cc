// Signpost. Apache-2.0; see LICENSE.
// /v1/agent/services and /v1/agent/service: the services of the own node.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "dnsd/registry/api/agent_endpoints.h"
#include "dnsd/registry/api/agent_json.h"
#include "dnsd/registry/api/selection.h"
#include "dnsd/registry/definition/check_definition.h"
#include "dnsd/registry/definition/service_definition.h"
#include "dnsd/registry/filter/go_text.h"
#include "dnsd/registry/model/agent_writes.h"

namespace signpost::registry {
namespace {

const std::string& OwnNode(const Engine& engine) { return engine.options().node; }

// FNV-1a of 64 bits: stable, and needs to resist nobody.
std::string HashOf(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[(hash >> shift) & 15];
  return out;
}

Answer List(Engine& engine, const Call& call) {
  const auto items = ItemWriter::Make(call.options.filter, ServiceFields());
  if (!items.ok()) return TextAnswer(500, items.status().text());
  json::Writer out;
  out.BeginObject();
  for (const auto& row : AgentServices(engine.state(), OwnNode(engine))) {
    items.value().Add(out, row->id, [&row](json::Writer& item) { WriteAgentService(item, *row); });
  }
  out.EndObject();
  return JsonAnswer(out.Take());
}

Answer One(Engine& engine, const Call& call) {
  const auto row = FindAgentService(engine.state(), OwnNode(engine), call.rest);
  if (!row) return TextAnswer(404, "unknown service ID: " + call.rest);
  json::Writer content;
  WriteAgentService(content, *row);
  const std::string hash = HashOf(content.Take());
  json::Writer out;
  WriteAgentService(out, *row, hash);
  Answer answer = JsonAnswer(out.Take());
  answer.hash = hash;
  answer.topics = {{Topic::Kind::kAgentService, KeyOf(*row)}};
  return answer;
}

bool RunsForbiddenScript(const Engine& engine, const std::vector<CheckRow>& checks) {
  if (engine.options().script_checks) return false;
  return std::any_of(checks.begin(), checks.end(), RunsScript);
}

bool NamesOwnCheck(const std::vector<CheckRow>& checks) {
  return std::any_of(checks.begin(), checks.end(), [](const CheckRow& check) { return IsOwnCheck(check.check_id); });
}

// True, as Consul reads it: also without a value.
bool ReplacesChecks(const Call& call) {
  const auto given = call.Param("replace-existing-checks");
  if (!given) return false;
  const auto value = filter::ParseBool(*given);
  return given->empty() || (value.ok() && value.value());
}

Answer Register(Engine& engine, const Call& call) {
  auto defined = ReadServiceBody(call.request.body);
  if (!defined.ok()) return TextAnswer(400, defined.status().text());
  if (RunsForbiddenScript(engine, defined->checks)) return ScriptsAreDisabled();
  if (IsOwnService(defined->service.id) || NamesOwnCheck(defined->checks)) {
    return TextAnswer(400, "the IDs \"consul\" and \"serfHealth\" belong to the registry itself");
  }
  Strings check_ids;
  for (const CheckRow& check : defined->checks) check_ids.push_back(check.check_id);
  if (!RegisterAgentService(engine.state(), OwnNode(engine), std::move(defined).value(), ReplacesChecks(call))) {
    return TextAnswer(500, "the registry's own node is not in its catalog");
  }
  for (const std::string& id : check_ids) engine.Rewind(id);
  return EmptyAnswer();
}

Answer Deregister(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(500, "ServiceID missing");
  DeregisterAgentService(engine.state(), OwnNode(engine), call.rest);
  return EmptyAnswer();
}

Answer Maintenance(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing service ID");
  const Switch enable = ReadEnable(call);
  if (enable.refused) return *enable.refused;
  if (!FindAgentService(engine.state(), OwnNode(engine), call.rest)) {
    return TextAnswer(404, "No service registered with ID " + filter::Quote(call.rest));
  }
  SetServiceMaintenance(engine.state(), OwnNode(engine), call.rest, enable.on, call.Param("reason").value_or(""));
  return EmptyAnswer();
}

}  // namespace

Switch ReadEnable(const Call& call) {
  const auto given = call.Param("enable");
  if (!given) return {.on = false, .refused = TextAnswer(400, "Missing value for enable")};
  const auto value = filter::ParseBool(*given);
  if (value.ok()) return {.on = value.value(), .refused = std::nullopt};
  return {.on = false, .refused = TextAnswer(400, "Invalid value for enable: " + filter::Quote(*given))};
}

Routes AgentServiceRoutes() {
  return {
      {"GET", "/v1/agent/services", RouteKind::kAgent, List},
      {"GET", "/v1/agent/service/*", RouteKind::kAgent, One},
      {"PUT", "/v1/agent/service/register", RouteKind::kWrite, Register},
      {"PUT", "/v1/agent/service/deregister/*", RouteKind::kWrite, Deregister},
      {"PUT", "/v1/agent/service/maintenance/*", RouteKind::kWrite, Maintenance},
  };
}

}  // namespace signpost::registry
