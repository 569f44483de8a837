// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_writes.h"

#include <algorithm>
#include <string>
#include <utility>

#include "dnsd/registry/model/query_template.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

Status CheckName(const State& state, const QueryRow& query) {
  if (!query.name.empty()) {
    const auto other = state.FindQueryByName(query.name);
    if (other && other->id != query.id) {
      return Status::Invalid("name '" + query.name + "' aliases an existing query name");
    }
    // Queries are found by either; a name must not take an ID's place.
    if (IsUuid(query.name) && state.FindQuery(Lower(query.name))) {
      return Status::Invalid("name '" + query.name + "' aliases an existing query ID");
    }
    return Status::Ok();
  }
  const bool taken =
      IsTemplate(query) && std::any_of(state.queries().begin(), state.queries().end(), [&](const auto& q) {
        return q.second->name.empty() && IsTemplate(*q.second) && q.second->id != query.id;
      });
  return taken ? Status::Invalid("a query template with an empty name already exists") : Status::Ok();
}

Status CheckSession(const State& state, const std::string& session) {
  if (session.empty()) return Status::Ok();
  if (!IsUuid(session)) return Status::Invalid("invalid session: index error: UUID must be 36 characters");
  return state.FindSession(session) ? Status::Ok() : Status::Invalid("invalid session \"" + session + "\"");
}

Status CheckTemplate(const QueryRow& query) {
  if (!IsTemplate(query)) return Status::Ok();
  const auto rendered = RenderQuery(query, query.name);
  return rendered.ok() ? Status::Ok() : Status::Invalid("failed compiling template: " + rendered.status().text());
}

}  // namespace

Status PutQuery(State& state, QueryRow query) {
  query.session = Lower(query.session);
  for (const Status& status : {CheckName(state, query), CheckSession(state, query.session), CheckTemplate(query)}) {
    if (!status.ok()) return status;
  }
  state.Put(std::move(query));
  return Status::Ok();
}

}  // namespace signpost::registry
