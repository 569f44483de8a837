// Signpost. Apache-2.0; see LICENSE.
// Prepared queries.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/random.h"
#include "common/json/json.h"
#include "dnsd/registry/api/query_body.h"
#include "dnsd/registry/api/query_json.h"
#include "dnsd/registry/api/reply.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/filter/go_text.h"
#include "dnsd/registry/model/query_execution.h"
#include "dnsd/registry/model/query_template.h"
#include "dnsd/registry/model/query_writes.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kExecute = "/execute";
constexpr std::string_view kExplain = "/explain";
constexpr const char* kNoUuid = "failed prepared query lookup: index error: UUID must be 36 characters";

std::string_view NameIn(const std::string& rest, std::string_view ending) {
  return std::string_view(rest).substr(0, rest.size() - ending.size());
}

bool OnlyToGet(const std::string& rest) { return rest.ends_with(kExecute) || rest.ends_with(kExplain); }

Answer NotFound() { return TextAnswer(404, "Query not found"); }

Answer NotAllowed(const std::string& method, const std::string& allowed) {
  Answer answer = TextAnswer(405, "method " + method + " not allowed");
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

// --- definitions -------------------------------------------------------------------------------------------------

Answer QueryList(const State& state, const RowList<QueryRow>& rows) {
  json::Writer out;
  out.BeginArray();
  for (const auto& row : rows) WriteQuery(out, *row);
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.index = state.TableIndex(Table::kQueries);
  answer.topics = {{.kind = Topic::Kind::kQueries, .name = {}}};
  return answer;
}

Answer List(Engine& engine, const Call& /*call*/) {
  RowList<QueryRow> rows;
  for (const auto& [id, row] : engine.state().queries()) rows.push_back(row);
  return QueryList(engine.state(), rows);
}

Answer GetOne(Engine& engine, const std::string& id) {
  if (!IsUuid(id)) return TextAnswer(500, kNoUuid);
  const auto query = engine.state().FindQuery(Lower(id));
  return query ? QueryList(engine.state(), {query}) : NotFound();
}

Answer Create(Engine& engine, const Call& call) {
  auto read = ReadQueryBody(call.request.body);
  if (!read.ok()) return TextAnswer(400, read.status().text());
  QueryRow query = std::move(read).value();
  if (!query.id.empty()) return TextAnswer(500, "ID must be empty when creating a new prepared query");
  if (const Status status = CheckQuery(query); !status.ok()) return TextAnswer(500, status.text());
  query.id = NewUuid();
  json::Writer out;
  out.BeginObject().Key("ID").String(query.id).EndObject();
  const Status put = PutQuery(engine.state(), std::move(query));
  return put.ok() ? JsonAnswer(out.Take()) : TextAnswer(500, put.text());
}

// Why the query with this ID cannot be changed, if it cannot.
std::optional<Answer> NoneToModify(const State& state, const std::string& id) {
  if (!IsUuid(id)) return TextAnswer(500, std::string("Prepared Query lookup failed: ") + kNoUuid);
  if (state.FindQuery(Lower(id))) return std::nullopt;
  return TextAnswer(500, "Cannot modify non-existent prepared query: '" + id + "'");
}

Answer Update(Engine& engine, const Call& call) {
  if (OnlyToGet(call.rest)) return NotAllowed("PUT", "GET");
  auto read = ReadQueryBody(call.request.body);
  if (!read.ok()) return TextAnswer(400, read.status().text());
  if (auto refused = NoneToModify(engine.state(), call.rest)) return *refused;
  QueryRow query = std::move(read).value();
  query.id = Lower(call.rest);
  if (const Status status = CheckQuery(query); !status.ok()) return TextAnswer(500, status.text());
  const Status put = PutQuery(engine.state(), std::move(query));
  return put.ok() ? EmptyAnswer() : TextAnswer(500, put.text());
}

Answer Delete(Engine& engine, const Call& call) {
  if (OnlyToGet(call.rest)) return NotAllowed("DELETE", "GET");
  if (auto refused = NoneToModify(engine.state(), call.rest)) return *refused;
  engine.state().EraseQuery(Lower(call.rest));
  return EmptyAnswer();
}

Answer RefusePost(Engine& /*engine*/, const Call& call) {
  return NotAllowed("POST", OnlyToGet(call.rest) ? "GET" : "GET,PUT,DELETE");
}

// --- what they find ----------------------------------------------------------------------------------------------

// These never wait, whatever index a client gives.
Answer ResultAnswer(json::Writer& out, const Call& call) {
  const std::string consistency = ConsistencyName(call.options.consistency);
  out.Key("Index").Uint(0).Key("LastContact").Uint(0).Key("KnownLeader").Bool(true);
  out.Key("ConsistencyLevel").String(consistency);
  out.EndObject();
  Answer answer = JsonAnswer(out.Take());
  answer.headers = {{"X-Consul-Index", "1"},
                    {"X-Consul-Knownleader", "true"},
                    {"X-Consul-Lastcontact", "0"},
                    {"X-Consul-Effective-Consistency", consistency}};
  return answer;
}

Answer Unresolved(const Status& status) {
  return status.kind() == ErrorKind::kNotFound ? NotFound() : TextAnswer(500, status.text());
}

// In Go's words, as everything about numbers.
Result<int64_t> ReadLimit(const std::string& text) {
  if (text.empty()) return 0;
  const char* const end = text.data() + text.size();
  int64_t limit = 0;
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  const auto [stop, error] = std::from_chars(text.data() + (plus ? 1 : 0), end, limit);
  if (error == std::errc() && stop == end) return limit;
  const bool large = error == std::errc::result_out_of_range && stop == end;
  return Status::Invalid("Bad limit: strconv.Atoi: parsing " + filter::Quote(text) + ": " +
                         (large ? "value out of range" : "invalid syntax"));
}

// In any order, but for the near ones.
void Shuffle(RowList<ServiceRow>& instances) {
  Random random(RandomSeed());
  for (size_t i = instances.size(); i > 1; --i) std::swap(instances[i - 1], instances[random.Below(i)]);
}

Answer Execute(Engine& engine, const Call& call) {
  const auto limit = ReadLimit(call.Param("limit").value_or(""));
  if (!limit.ok()) return TextAnswer(500, limit.status().text());
  const auto query = ResolveQuery(engine.state(), NameIn(call.rest, kExecute));
  if (!query.ok()) return Unresolved(query.status());
  RowList<ServiceRow> found = ExecuteQuery(engine.state(), query.value());
  Shuffle(found);
  OrderByNearness(found, call.options.near.empty() ? query->near : call.options.near, engine.options().node);
  const auto most = static_cast<size_t>(std::max<int64_t>(limit.value(), 0));
  if (most > 0 && found.size() > most) found.resize(most);
  json::Writer out;
  out.BeginObject().Key("Service").String(query->service);
  WriteFound(out.Key("Nodes"), engine.state(), found);
  out.Key("DNS").BeginObject().Key("TTL").String(query->dns_ttl).EndObject();
  out.Key("Datacenter").String(engine.options().datacenter).Key("Failovers").Uint(0);
  return ResultAnswer(out, call);
}

Answer Explain(Engine& engine, const Call& call) {
  const auto query = ResolveQuery(engine.state(), NameIn(call.rest, kExplain));
  if (!query.ok()) return Unresolved(query.status());
  json::Writer out;
  WriteQuery(out.BeginObject().Key("Query"), query.value(), IsTemplate(query.value()));
  return ResultAnswer(out, call);
}

Answer Get(Engine& engine, const Call& call) {
  if (call.rest.ends_with(kExecute)) return Execute(engine, call);
  if (call.rest.ends_with(kExplain)) return Explain(engine, call);
  return GetOne(engine, call.rest);
}

}  // namespace

Routes QueryRoutes() {
  return {{"GET", "/v1/query", RouteKind::kRead, List},         {"POST", "/v1/query", RouteKind::kWrite, Create},
          {"GET", "/v1/query/*", RouteKind::kRead, Get},        {"PUT", "/v1/query/*", RouteKind::kWrite, Update},
          {"DELETE", "/v1/query/*", RouteKind::kWrite, Delete}, {"POST", "/v1/query/*", RouteKind::kAgent, RefusePost}};
}

}  // namespace signpost::registry
