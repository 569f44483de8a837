// Signpost. Apache-2.0; see LICENSE.
// /v1/agent/health/service: one word for the health of a service of the own node, as a status code too.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "dnsd/registry/api/agent_endpoints.h"
#include "dnsd/registry/api/agent_json.h"
#include "dnsd/registry/model/agent_writes.h"
#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

// From best to worst.
enum class Verdict : unsigned char { kPassing, kWarning, kCritical, kMaintenance };

std::string_view Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassing:
      return "passing";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kCritical:
      return "critical";
    case Verdict::kMaintenance:
      return "maintenance";
  }
  return "";
}

int CodeOf(Verdict verdict) {
  if (verdict == Verdict::kPassing) return 200;
  return verdict == Verdict::kWarning ? 429 : 503;
}

Verdict VerdictOf(const CheckRow& check) {
  if (check.check_id == kNodeMaintenance || check.check_id.starts_with(kServiceMaintenance)) {
    return Verdict::kMaintenance;
  }
  if (check.status == kCritical) return Verdict::kCritical;
  return check.status == kWarning ? Verdict::kWarning : Verdict::kPassing;
}

struct Health {
  RowPtr<ServiceRow> service;
  RowList<CheckRow> checks;  // the node's and its own
  Verdict verdict = Verdict::kPassing;
};

Health HealthOf(const State& state, RowPtr<ServiceRow> service) {
  Health health;
  for (auto& check : AgentChecks(state, service->node)) {
    if (!check->service_id.empty() && check->service_id != service->id) continue;
    health.verdict = std::max(health.verdict, VerdictOf(*check));
    health.checks.push_back(std::move(check));
  }
  health.service = std::move(service);
  return health;
}

void Write(json::Writer& out, const Health& health) {
  out.BeginObject().Key("AggregatedStatus").String(Word(health.verdict));
  WriteAgentService(out.Key("Service"), *health.service);
  out.Key("Checks").BeginArray();
  for (const auto& check : health.checks) WriteHealthCheck(out, *check);
  out.EndArray().EndObject();
}

bool WantsText(const Call& call) { return call.Param("format") == "text"; }

Answer WithReason(Answer answer, int status, std::string reason) {
  answer.status = status;
  // A name of the request may be in it, and that may hold anything.
  std::replace_if(
      reason.begin(), reason.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  answer.headers.emplace_back("X-Consul-Reason", std::move(reason));
  return answer;
}

Answer PlainWord(std::string text) {
  Answer answer = TextAnswer(200, std::move(text));
  answer.content_type = "text/plain";
  return answer;
}

// `json`: what is told of it otherwise.
Answer Verdicts(const Call& call, Verdict verdict, std::string json) {
  const std::string word(Word(verdict));
  return WithReason(WantsText(call) ? PlainWord(word) : JsonAnswer(std::move(json)), CodeOf(verdict), word);
}

Answer ById(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(500, "Bad request: Missing serviceID");
  auto row = FindAgentService(engine.state(), engine.options().node, call.rest);
  if (!row) {
    const std::string reason = "ServiceId " + call.rest + " not found";
    json::Writer text;
    text.String(reason);
    return WithReason(
        JsonAnswer(WantsText(call) ? text.Take() : R"({"AggregatedStatus":"critical","Service":null,"Checks":null})"),
        404, reason);
  }
  const Health health = HealthOf(engine.state(), std::move(row));
  json::Writer out;
  Write(out, health);
  return Verdicts(call, health.verdict, out.Take());
}

Answer ByName(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(500, "Bad request: Missing service Name");
  json::Writer out;
  out.BeginArray();
  bool any = false;
  Verdict worst = Verdict::kPassing;
  for (auto& row : AgentServices(engine.state(), engine.options().node)) {
    if (row->service != call.rest) continue;
    const Health health = HealthOf(engine.state(), std::move(row));
    Write(out, health);
    worst = std::max(worst, health.verdict);
    any = true;
  }
  out.EndArray();
  std::string list = out.Take();
  if (any) return Verdicts(call, worst, std::move(list));
  const std::string reason = "ServiceName " + call.rest + " Not Found";
  return WithReason(WantsText(call) ? PlainWord(reason) : JsonAnswer(std::move(list)), 404, reason);
}

}  // namespace

Routes AgentHealthRoutes() {
  return {
      {"GET", "/v1/agent/health/service/id/*", RouteKind::kAgent, ById},
      {"GET", "/v1/agent/health/service/name/*", RouteKind::kAgent, ByName},
  };
}

}  // namespace signpost::registry
