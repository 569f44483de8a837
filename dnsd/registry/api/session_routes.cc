// Signpost. Apache-2.0; see LICENSE.
// Sessions, the holders of locks.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "common/json/json.h"
#include "dnsd/registry/api/json_rows.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/definition/body.h"
#include "dnsd/registry/definition/go_duration.h"
#include "dnsd/registry/definition/struct_reader.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/session_writes.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMinTtl = 10 * kSecond;
constexpr int64_t kMaxTtl = 86400 * kSecond;
constexpr int64_t kSmallDelay = 1000;  // numbers below mean seconds
constexpr const char* kNoUuid = "failed session lookup: index error: UUID must be 36 characters";

// --- reading -----------------------------------------------------------------------------------------------------

void WriteSession(json::Writer& out, const SessionRow& row) {
  out.BeginObject();
  out.Key("ID").String(row.id);
  out.Key("Name").String(row.name);
  out.Key("Node").String(row.node);
  out.Key("LockDelay").Int(std::chrono::nanoseconds(row.lock_delay).count());
  out.Key("Behavior").String(row.behavior == SessionRow::Behavior::kDelete ? "delete" : "release");
  out.Key("TTL").String(row.ttl);
  out.Key("NodeChecks");
  WriteStrings(out, row.node_checks);
  out.Key("ServiceChecks");
  if (row.service_checks.empty()) out.Null();
  if (!row.service_checks.empty()) {
    out.BeginArray();
    for (const auto& [id, name_space] : row.service_checks) {
      out.BeginObject().Key("ID").String(id).Key("Namespace").String(name_space).EndObject();
    }
    out.EndArray();
  }
  if (!row.checks.empty()) {
    out.Key("Checks");
    WriteStrings(out, row.checks);
  }
  out.Key("CreateIndex").Uint(row.index.create);
  out.Key("ModifyIndex").Uint(row.index.modify);
  out.EndObject();
}

Answer SessionList(const State& state, const RowList<SessionRow>& rows) {
  json::Writer out;
  out.BeginArray();
  for (const auto& row : rows) WriteSession(out, *row);
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.index = state.TableIndex(Table::kSessions);
  answer.topics = {{.kind = Topic::Kind::kSessions, .name = {}}};
  return answer;
}

Answer Info(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing session");
  if (!IsUuid(call.rest)) return TextAnswer(500, kNoUuid);
  RowList<SessionRow> found;
  if (auto session = engine.state().FindSession(Lower(call.rest))) found.push_back(std::move(session));
  return SessionList(engine.state(), found);
}

RowList<SessionRow> SessionsOf(const State& state, const std::string* node) {
  RowList<SessionRow> rows;
  for (const auto& [id, row] : state.sessions()) {
    if (node == nullptr || NodeKey(row->node) == NodeKey(*node)) rows.push_back(row);
  }
  return rows;
}

Answer List(Engine& engine, const Call& /*call*/) {
  return SessionList(engine.state(), SessionsOf(engine.state(), nullptr));
}

Answer OfNode(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing node name");
  return SessionList(engine.state(), SessionsOf(engine.state(), &call.rest));
}

// --- creating ----------------------------------------------------------------------------------------------------

// What a client asks for. Lists that it does not name keep what they have.
struct SessionBody {
  std::string node;
  std::string name;
  std::string behavior;
  std::string ttl;
  Strings node_checks = {"serfHealth"};
  Strings checks;
  bool checks_given = false;
  bool node_checks_given = false;
  StringPairs service_checks;
  int64_t lock_delay = 15 * kSecond;
};

ReadValue IntoGiven(Strings& list, bool& given) {
  return [&list, &given](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    given = true;
    list.clear();
    return Into(list)(value, place);
  };
}

Status ReadLockDelay(json::Value value, int64_t& nanos) {
  if (value.IsString()) {
    const auto duration = ParseGoDuration(value.String());
    if (!duration.ok()) return duration.status();
    nanos = duration.value();
  } else if (value.IsNumber()) {
    const double number = value.Double(static_cast<double>(value.Int()));
    if (number > 9e18 || number < -9e18) return Status::Invalid("LockDelay is too large");
    nanos = static_cast<int64_t>(number);
  } else {
    return Status::Ok();
  }
  const bool seconds = nanos < kSmallDelay && nanos > -std::numeric_limits<int64_t>::max() / kSecond;
  if (seconds) nanos *= kSecond;
  return Status::Ok();
}

Status ReadServiceChecks(json::Value value, const Place& place, StringPairs& checks) {
  checks.clear();
  return ForEach("[]structs.ServiceCheck", [&checks](json::Value each, const Place& at) {
    auto& [id, name_space] = checks.emplace_back();
    return ReadStruct(each, at, {.name = "structs.ServiceCheck", .owner = "ServiceCheck", .takes_any_key = true},
                      {{"ID", Into(id)}, {"Namespace", Into(name_space)}});
  })(value, place);
}

Status ReadSessionBody(const std::string& text, SessionBody& body) {
  if (text.empty()) return Status::Ok();
  return ReadBody(text, [&body](json::Value root) {
    const StructType type{.name = "struct { LockDelay interface {}; *structs.Alias }", .takes_any_key = true};
    return ReadStruct(
        root, {}, type,
        {{"Node", Into(body.node)},
         {"Name", Into(body.name)},
         {"Behavior", Into(body.behavior)},
         {"TTL", Into(body.ttl)},
         {"NodeChecks", IntoGiven(body.node_checks, body.node_checks_given)},
         {"Checks", IntoGiven(body.checks, body.checks_given)},
         {"ServiceChecks",
          [&body](json::Value value, const Place& at) { return ReadServiceChecks(value, at, body.service_checks); }},
         {"LockDelay", [&body](json::Value value, const Place&) { return ReadLockDelay(value, body.lock_delay); }}});
  });
}

// The old list replaces the new one's default when it is empty, and adds to it when it is not.
void MergeChecks(SessionBody& body) {
  if (!body.checks_given) return;
  if (body.checks.empty() && !body.node_checks_given) body.node_checks.clear();
  std::erase_if(body.checks, [&body](const std::string& id) {
    return std::find(body.node_checks.begin(), body.node_checks.end(), id) != body.node_checks.end();
  });
}

// "" = nothing is wrong.
std::string TtlFault(const std::string& ttl) {
  if (ttl.empty()) return "";
  const auto nanos = ParseGoDuration(ttl);
  if (!nanos.ok()) return "Session TTL '" + ttl + "' invalid: " + nanos.status().text();
  if (nanos.value() == 0 || (nanos.value() >= kMinTtl && nanos.value() <= kMaxTtl)) return "";
  return "Invalid Session TTL '" + std::to_string(nanos.value()) + "', must be between [10s=24h0m0s]";
}

std::string CheckFault(const State& state, const std::string& node, const std::string& id) {
  const auto check = state.FindCheck(node, id);
  if (!check) return "Missing check '" + id + "' registration";
  return check->status == kCritical ? "Check '" + id + "' is in critical state" : "";
}

std::string Fault(const State& state, const SessionBody& body) {
  if (body.node.empty()) return "Must provide Node";
  if (!body.behavior.empty() && body.behavior != "release" && body.behavior != "delete") {
    return "Invalid Behavior setting '" + body.behavior + "'";
  }
  if (std::string fault = TtlFault(body.ttl); !fault.empty()) return fault;
  if (!state.FindNode(body.node)) return "Missing node registration";
  Strings needed = body.node_checks;
  needed.insert(needed.end(), body.checks.begin(), body.checks.end());
  for (const auto& [id, name_space] : body.service_checks) needed.push_back(id);
  for (const std::string& id : needed) {
    if (std::string fault = CheckFault(state, body.node, id); !fault.empty()) return fault;
  }
  return "";
}

Answer Create(Engine& engine, const Call& call) {
  SessionBody body;
  body.node = engine.options().node;
  if (const Status read = ReadSessionBody(call.request.body, body); !read.ok()) return TextAnswer(400, read.text());
  MergeChecks(body);
  if (std::string fault = Fault(engine.state(), body); !fault.empty()) return TextAnswer(500, std::move(fault));
  SessionRow row;
  row.id = NewUuid();
  row.name = body.name;
  row.node = body.node;
  row.node_checks = body.node_checks;
  row.checks = body.checks;
  row.service_checks = body.service_checks;
  row.lock_delay = std::chrono::duration_cast<Millis>(std::chrono::nanoseconds(body.lock_delay));
  row.behavior = body.behavior == "delete" ? SessionRow::Behavior::kDelete : SessionRow::Behavior::kRelease;
  row.ttl = body.ttl;
  json::Writer out;
  out.BeginObject().Key("ID").String(row.id).EndObject();
  engine.state().Put(std::move(row));
  return JsonAnswer(out.Take());
}

// --- the rest of its life ----------------------------------------------------------------------------------------

Answer Destroy(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing session");
  if (!IsUuid(call.rest)) return TextAnswer(500, kNoUuid);
  DestroySession(engine.state(), Lower(call.rest));
  return BoolAnswer(true);
}

Answer Renew(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing session");
  if (!IsUuid(call.rest)) return TextAnswer(500, kNoUuid);
  const auto session = engine.state().FindSession(Lower(call.rest));
  if (!session) return TextAnswer(404, "Session id '" + call.rest + "' not found");
  engine.RenewSession(session->id);
  json::Writer out;
  out.BeginArray();
  WriteSession(out, *session);
  out.EndArray();
  return JsonAnswer(out.Take());
}

}  // namespace

Routes SessionRoutes() {
  return {{"PUT", "/v1/session/create", RouteKind::kWrite, Create},
          {"PUT", "/v1/session/destroy/*", RouteKind::kWrite, Destroy},
          {"PUT", "/v1/session/renew/*", RouteKind::kWrite, Renew},
          {"GET", "/v1/session/info/*", RouteKind::kRead, Info},
          {"GET", "/v1/session/node/*", RouteKind::kRead, OfNode},
          {"GET", "/v1/session/list", RouteKind::kRead, List}};
}

}  // namespace signpost::registry
